"""Name the tests that failed in a log of zope.testrunner, and add all up.

    python3 tools/totals.py LOG

Each run of zope.testrunner ends with one line of totals; one of a single
layer has only the line of that layer.
"""

import re
import sys
from pathlib import Path


END_OF_RUN = "Tearing down left over layers:"
COUNTS = r"(\d+) failures, (\d+) errors and (\d+) skipped"
TOTAL = re.compile(rf"^Total: (\d+) tests, {COUNTS}", re.MULTILINE)
FAILED = re.compile(r"^(?:Failure|Error) in test (.+)", re.MULTILINE)
LAYER = re.compile(rf"^  Ran (\d+) tests with {COUNTS}", re.MULTILINE)


def totals(log):
    """Yield the match of the line of totals of each run."""
    parts = log.split(END_OF_RUN)
    for before, after in zip(parts, parts[1:]):
        of_layers = list(LAYER.finditer(before))
        if of_layers:
            yield TOTAL.search(after) or of_layers[-1]


def add_up(log):
    """Return how many tests passed, failed and were skipped."""
    passed = failed = skipped = 0
    for total in totals(log):
        tests, failures, errors, left_out = map(int, total.groups())
        # a test with failing subtests has more than one failure
        passed += max(0, tests - failures - errors - left_out)
        failed += failures + errors
        skipped += left_out
    return passed, failed, skipped


def main(path):
    log = Path(path).read_text(errors="replace")
    for name in FAILED.findall(log):
        print(f"failed: {name}")
    for total in totals(log):
        print(total[0].strip())
    passed, failed, skipped = add_up(log)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


if __name__ == "__main__":
    main(*sys.argv[1:])
