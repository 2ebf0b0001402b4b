"""A site that has the profile, compared with itself where that is off."""

import re
from contextlib import contextmanager
from importlib.util import find_spec
from unittest import mock

import transaction
from plone.app.testing import applyProfile
from plone.registry.interfaces import IRegistry
from zope.component import getUtility
from zope.component.hooks import setSite

from netsight.async_ import current_process
from netsight.async_.actions import cancel
from netsight.async_.background import progress
from netsight.async_.background.counting import PREFIX
from netsight.async_.background.progress import Tally
from netsight.async_.exceptions import ProcessCancelled
from netsight.async_.tests.side_by_side import SideBySideTestCase
from netsight.async_.tests.side_by_side import ends_told
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Gate
from netsight.async_.tests.waiting import WAIT_SECONDS
from netsight.async_.tests.waiting import wait_until


try:
    # Plone 6.2 has it; what 6.0 and 6.1 may install has no services.
    EXPORTS_ARE_THERE = bool(find_spec("plone.exportimport.services"))
except ImportError:
    EXPORTS_ARE_THERE = False

OURS = re.compile(
    r"""
    <nav[ ]class="netsight-async-viewlet.*?</nav>
    | 0x[0-9a-f]{8,}  # an address in memory
    """,
    re.VERBOSE | re.DOTALL,
)
"""What the add-on puts into each page, and what is never the same."""


class BackgroundTestCase(SideBySideTestCase):
    """The site has the profile; `prepare` is called before each comparison."""

    def setUp(self):
        super().setUp()
        setSite(self.portal)
        applyProfile(self.portal, "netsight.async_.background:default")
        self.prepare()
        transaction.commit()

    def prepare(self):
        """Make what a test needs, in the site."""

    def set(self, name, value):
        """Change a setting of the profile."""
        setSite(self.portal)
        getUtility(IRegistry)[f"{PREFIX}.{name}"] = value
        transaction.commit()

    def outcomes(self, path, form, cookies=None):
        """Return the Outcome with all actions at once, and in a process."""
        self.set("actions", [])
        at_once = self.outcome(self.at_once, path, form, cookies or {})
        self.assertEqual(self.processes(), [])
        self.begin_anew()
        later = self.outcome(self.in_background, path, form, cookies or {})
        for each in (at_once, later):
            # It has the setting.
            each.state["site"].pop("registry")
        return tuple(
            each._replace(body=without_ours(each.body))
            for each in (at_once, later)
        )

    def assert_same_as_at_once(self, path, form, cookies=None):
        """Fail if a POST has another outcome in the background; return it."""
        at_once, later = self.outcomes(path, form, cookies)
        self.assert_same_outcome(at_once, later)
        return later

    def cancelled_half_way(self, path, form, gate):
        """Return a process that was cancelled at a CancelGate.

        It had told its progress before.
        """
        with self.threads(), ends_told() as ended:
            response = self.post(path, form)
            process_id = self.client().started(response)
            gate.wait()
            self.assertTrue(
                wait_until(
                    lambda: self.process(process_id).progress, WAIT_SECONDS
                )
            )
            cancel(self.process(process_id))
            transaction.commit()
            gate.open()
            self.assertTrue(ended.wait(WAIT_SECONDS))
        return self.process(process_id)

    def post(self, path, form=(), login=MANAGER, **kwargs):
        """Send a form with its token; return the response."""
        client = self.client(login)
        token = ("_authenticator", client.token())
        return client.post(path, [*form, token], **kwargs)


def without_ours(lines):
    """Return the lines of a page as it is without the add-on."""
    text = OURS.sub("", "\n".join(lines))
    return [line for line in text.splitlines() if line.strip()]


@contextmanager
def tallied():
    """Return a list of each Tally that is made in a block."""
    tallies = []

    class Seen(Tally):
        def __init__(self, *args):
            super().__init__(*args)
            tallies.append(self)

    with mock.patch.object(progress, "Tally", Seen):
        yield tallies


class CancelGate(Gate):
    """Where a job waits, at its object `number`, until it is cancelled."""

    def __init__(self, number):
        super().__init__()
        self._left = number

    def reach(self, *args, **kw):
        """To be called for each object."""
        self._left -= 1
        if self._left == 0:
            super().reach()
            if not wait_until(is_cancelled, WAIT_SECONDS):
                raise AssertionError("nobody has cancelled it")


def is_cancelled():
    """Tell whether the process of this thread knows that it is cancelled."""
    try:
        current_process().check_cancelled()
    except ProcessCancelled:
        return True
    return False


@contextmanager
def replaced(owner, name, value):
    """Have an attribute replaced, in a block."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
