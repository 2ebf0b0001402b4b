#!/usr/bin/env bash
# zope.testrunner replaces traceback.format_exception for the whole process
# while tests run.  Its own takes an exception alone, as Python 3.10 does, but
# it leaves out the cause, which Python's has by default; with chain=True it
# has the cause, and leaves out the exception itself.
# Code that keeps a traceback so, to show it later, keeps less in its tests
# than in production; traceback.TracebackException is left as it is.
#
# Seen: zope.testrunner 8.3, zope.exceptions 6.0, Python 3.11.
# Needs: Python 3.10 or newer, pip.  Ends with 0 as long as this is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    zope.testrunner==8.3 zope.exceptions==6.0

cat > "$folder/test_chain.py" <<'PYTHON'
import traceback
import unittest


def chained():
    try:
        try:
            raise KeyError("the cause")
        except KeyError as exc:
            raise ValueError("what came of it") from exc
    except ValueError as exc:
        return exc


def told(text):
    text = "".join(text)
    return "the cause" in text, "what came of it" in text


class ChainTests(unittest.TestCase):
    def test_chain(self):
        exc = chained()
        plain = traceback.format_exception(exc)
        chain = traceback.format_exception(exc, chain=True)
        untouched = traceback.TracebackException.from_exception(exc).format()
        print("SEEN by default", type(plain).__name__, told(plain))
        print("SEEN with chain=True", type(chain).__name__, told(chain))
        print("SEEN TracebackException", told(list(untouched)))
PYTHON

seen() {
    grep -o 'SEEN .*' | sed 's/^SEEN //'
}

cd "$folder"
echo "unittest (cause told, exception told):"
venv/bin/python -m unittest test_chain 2>&1 | seen | tee by-unittest
echo "zope.testrunner:"
venv/bin/python -m zope.testrunner --test-path=. --tests-pattern test_chain 2>&1 |
    seen | tee by-testrunner

diff by-unittest - <<'EXPECTED'
by default list (True, True)
with chain=True list (True, True)
TracebackException (True, True)
EXPECTED
diff by-testrunner - <<'EXPECTED'
by default list (False, True)
with chain=True list (True, False)
TracebackException (True, True)
EXPECTED
echo "as described"
