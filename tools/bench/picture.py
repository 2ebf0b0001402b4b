"""A picture of whose CPU a job takes, as SVG."""

from html import escape
from pathlib import Path
from statistics import median


COLORS = {
    "web": "#2b6cb0",
    "workers": "#2f855a",
    "storage": "#b7791f",
    "redis": "#9b2c2c",
}
WORDS = {
    "web": "web Zope",
    "workers": "workers",
    "storage": "ZEO server",
    "redis": "Redis",
}

LEFT = 260
WIDTH = 780
BAR = 22
ROW = 34
TOP = 44
RIGHT = 70
"""Pixels; the names of systems are at the left, their sums at the right."""


def write_picture(path, rounds, ours):
    """Draw a bar for each system: the median of each part, in ms a job.

    `ours` are the names of those that are of this package.
    """
    sums = {
        f"netsight.async, {name}" if name in ours else name: medians(
            rounds, name
        )
        for name in rounds[0]
    }
    most = max(sum(parts.values()) for parts in sums.values())
    scale = (WIDTH - LEFT - RIGHT) / most
    lines = legend()
    for number, (name, parts) in enumerate(sums.items()):
        lines += row(name, parts, TOP + ROW * number, scale)
    height = TOP + ROW * len(sums)
    told = "; ".join(f"{name} {ms(p)}" for name, p in sums.items())
    title = f"CPU of a small job in ms: {told}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="14">'
    )
    background = f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
    lines = [head, f"<title>{escape(title)}</title>", background, *lines]
    Path(path).write_text("\n".join([*lines, "</svg>", ""]))


def medians(rounds, name):
    parts = [each[name]["small"]["cpu_ms"] for each in rounds]
    return {
        part: median(each[part] for each in parts)
        for part in COLORS
        if part in parts[0]
    }


def ms(parts):
    """Return the sum of some parts, as text."""
    return f"{sum(parts.values()):.1f} ms"


def legend():
    lines = []
    for number, (part, color) in enumerate(COLORS.items()):
        left = LEFT + 120 * number
        lines.append(box(left, 10, 14, 14, color))
        lines.append(text(left + 20, 22, WORDS[part]))
    return lines


def row(name, parts, top, scale):
    lines = [text(LEFT - 10, top + 16, name, "end")]
    left = LEFT
    for part, value in parts.items():
        lines.append(box(left, top, value * scale, BAR, COLORS[part]))
        left += value * scale
    lines.append(text(left + 8, top + 16, ms(parts)))
    return lines


def box(left, top, width, height, color):
    return (
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" '
        f'height="{height}" fill="{color}"/>'
    )


def text(left, top, words, anchor="start"):
    return (
        f'<text x="{left:.1f}" y="{top}" text-anchor="{anchor}" '
        f'fill="#1a202c">{escape(words)}</text>'
    )
