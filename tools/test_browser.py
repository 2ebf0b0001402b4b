"""Run the tests that need a browser: `make test-browser`.

    .venv/bin/python tools/test_browser.py [ARGUMENT OF zope.testrunner]...

Without Chromium nothing is run; that is an error only where the environment
has CI. SCREENSHOTS=DIRECTORY saves pictures of the pages.
"""

import os
import subprocess
import sys

from netsight.async_.tests.browser.support import chromium_path


RUN = (
    *("-m", "zope.testrunner", "--test-path=.", "-s", "netsight"),
    *("--tests-pattern", "^browser$"),
)


def main(*arguments):
    if chromium_path() is None:
        print(
            "Chromium is not here. On Debian and Ubuntu: "
            "apt-get install chromium"
        )
        return int("CI" in os.environ)
    return subprocess.run([sys.executable, *RUN, *arguments]).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
