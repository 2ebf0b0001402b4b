"""Break into the code of the package, at every line and in every commit.

Nobody keeps a list of the places: the lines are those that a run without a
fault has gone through, the commits those that it has made.  So a new step is
one more place, and cannot be forgotten.
"""

import linecache
import os
import sys
import threading
from contextlib import contextmanager
from contextlib import suppress
from unittest import mock

from ZODB.Connection import Connection
from zope.interface import implementer

import netsight.async_
from netsight.async_.executors.inline import InlineExecutor
from netsight.async_.interfaces import IExecutor
from netsight.async_.running.runner import run


PACKAGE = os.path.dirname(netsight.async_.__file__) + os.sep
TESTS = os.path.join(PACKAGE, "tests") + os.sep

COMMIT_STEPS = ("tpc_begin", "commit", "tpc_vote", "tpc_finish")
"""What a ZODB connection is asked in each commit (transaction package)."""

NEVER_FAILS = "tpc_finish"
"""A data manager must finish what it has voted for."""


class Lines:
    """A trace function: counts lines of the package, and breaks in at one.

    `fault` is raised before the line numbered `at` (from 1).  What tidies up
    is left out: places that begin as one of `tidying`, and the end of a
    ``with`` block, whose line is traced again and where a fault would keep
    its ``__exit__`` from being called.
    """

    def __init__(self, at=None, fault=None, tidying=()):
        self.names = []
        self.sprung = False
        self._at = at
        self._fault = fault
        self._tidying = tidying
        self._blocks = set()

    def __call__(self, frame, event, arg):
        path = frame.f_code.co_filename
        if path.startswith(PACKAGE) and not path.startswith(TESTS):
            return self._in_package
        return None

    def _in_package(self, frame, event, arg):
        if event == "line" and not self._tidies_up(frame):
            self.names.append(name_of(frame))
            if len(self.names) == self._at:
                self.sprung = True
                raise self._fault
        return self._in_package

    def _tidies_up(self, frame):
        name = name_of(frame)
        if name.startswith(self._tidying):
            return True
        # The frame is kept, so that no other gets its id.
        place = (frame, frame.f_lineno)
        entered = ": with " in name and place in self._blocks
        self._blocks.add(place)
        return entered


def name_of(frame):
    """Return the place of a frame, as ``module.function: its line``."""
    code = frame.f_code
    path = code.co_filename.removeprefix(PACKAGE)
    module = path.removesuffix(".py").replace(os.sep, ".")
    line = linecache.getline(code.co_filename, frame.f_lineno).strip()
    return f"{module}.{code.co_name}: {line}"


@implementer(IExecutor)
class TracedExecutor(InlineExecutor):
    """Runs one process under a trace function, the others without."""

    def __init__(self, trace):
        self._trace = trace

    def ring(self, process_id, *choices):
        trace, self._trace = self._trace, None
        thread = threading.Thread(target=self._run, args=(trace, process_id))
        thread.start()
        thread.join()

    def _run(self, trace, process_id):
        sys.settrace(trace)
        # Of what escapes from the code that logs what escapes.
        with suppress(BaseException):
            run(process_id)
        sys.settrace(None)


class Commits:
    """Counts the steps of all commits, and breaks in before or after one.

    After a step, as when the answer of a storage server is lost on its way:
    the step is done, and who asked for it gets an error.  Before NEVER_FAILS
    is no place.
    """

    def __init__(self, at=None, fault=None, after=False):
        self.names = []
        self.sprung = False
        self._at = at
        self._fault = fault
        self._after = after
        self._lock = threading.Lock()

    @contextmanager
    def watched(self):
        """Look at all connections, in a block."""
        patches = {
            step: self._counted(step, getattr(Connection, step))
            for step in COMMIT_STEPS
        }
        with mock.patch.multiple(Connection, **patches):
            yield self

    def _counted(self, step, method):
        def counted(connection, txn):
            is_here = self._count(step, txn)
            if is_here and not self._after:
                self._spring()
            answer = method(connection, txn)
            if is_here and self._after:
                self._spring()
            return answer

        return counted

    def _count(self, step, txn):
        """Return whether this is the place."""
        if step == NEVER_FAILS and not self._after:
            return False
        with self._lock:
            self.names.append(f"{step} of {txn.description}")
            return len(self.names) == self._at

    def _spring(self):
        self.sprung = True
        raise self._fault


class LostAnswers:
    """Lets commits be done and loses the answer, by what `fault` raises.

    Of those whose description ends with `note`, that is the first, or one in
    `every`.  `lost` is how many it has been.
    """

    def __init__(self, note, fault, every=sys.maxsize):
        self.lost = 0
        self._note = note
        self._fault = fault
        self._every = every
        self._count = 0

    @contextmanager
    def watched(self):
        """Look at all connections, in a block."""
        finish = Connection.tpc_finish

        def tpc_finish(connection, txn):
            finish(connection, txn)
            if txn.description.endswith(self._note):
                self._lose()

        with mock.patch.object(Connection, "tpc_finish", tpc_finish):
            yield self

    def _lose(self):
        self._count += 1
        if self._count % self._every == 1:
            self.lost += 1
            self._fault()
