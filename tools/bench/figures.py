"""Medians with their spread, tables of them, and JSON."""

import json
from pathlib import Path
from statistics import median


class Figure:
    """Some measurements of one thing, in one unit."""

    def __init__(self, values):
        self.values = [value for value in values if value is not None]

    @property
    def median(self):
        return median(self.values)

    def __str__(self):
        if not self.values:
            return "-"
        low, high = min(self.values), max(self.values)
        text = short(self.median)
        if len(self.values) == 1 or short(low) == short(high):
            return text
        return f"{text} ({short(low)}-{short(high)})"


def short(number):
    """Return a number with three digits that mean something."""
    if number == 0 or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def ratio(a, b):
    """Return the Figure of the ratios of two lists, round by round.

    Rounds are interleaved, so that what slows down the machine is in both.
    """
    return Figure(x / y for x, y in zip(a, b, strict=False) if y)


def table(heads, rows):
    """Print rows of values under heads, in columns."""
    lines = [heads, *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        first, *others = zip(line, widths, strict=True)
        cells = [first[0].ljust(first[1])]
        cells += [cell.rjust(width) for cell, width in others]
        print("  ".join(cells), flush=True)
    print()


def write_json(path, value):
    if path:
        Path(path).write_text(json.dumps(value, indent=1) + "\n")
