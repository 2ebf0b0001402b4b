"""Add up what zope.testrunner wrote to a log, as "N passed, N failed".

    python3 tools/totals.py LOG

Each run of zope.testrunner ends with one line of totals.
"""

import re
import sys
from pathlib import Path


TOTAL = re.compile(
    r"^Total: (\d+) tests, (\d+) failures, (\d+) errors and (\d+) skipped",
    re.MULTILINE,
)


def add_up(log):
    """Return how many tests passed, failed and were skipped."""
    passed = failed = skipped = 0
    for found in TOTAL.findall(log):
        tests, failures, errors, left_out = map(int, found)
        # a test with failing subtests has more than one failure
        passed += max(0, tests - failures - errors - left_out)
        failed += failures + errors
        skipped += left_out
    return passed, failed, skipped


def main(path):
    log = Path(path).read_text(errors="replace")
    for total in TOTAL.finditer(log):
        print(total[0])
    passed, failed, skipped = add_up(log)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


if __name__ == "__main__":
    main(*sys.argv[1:])
