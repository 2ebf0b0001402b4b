"""Plone's own actions at once, and in the background by the profile."""

import re

import transaction
from plone.app.testing import applyProfile
from plone.registry.interfaces import IRegistry
from zope.component import getUtility
from zope.component.hooks import setSite

from netsight.async_.background.counting import PREFIX
from netsight.async_.tests.side_by_side import SideBySideTestCase


VIEWLET = re.compile('<nav class="netsight-async-viewlet.*?</nav>', re.DOTALL)
"""What tells users that a process of theirs runs."""

MINUTE = re.compile(r"\b\d\d:\d\d\b")
"""When something was changed, as pages show it."""

PROFILE = "netsight.async_.background:default"


def set_threshold(portal, number):
    """Have a site do more objects than that in the background."""
    setSite(portal)
    getUtility(IRegistry)[f"{PREFIX}.threshold"] = number
    transaction.commit()


def install(portal, threshold=None):
    """Install the profile in a site."""
    setSite(portal)
    applyProfile(portal, PROFILE)
    transaction.commit()
    if threshold is not None:
        set_threshold(portal, threshold)


class ActionTestCase(SideBySideTestCase):
    """Compares an action without the profile with the same one by it."""

    method = "post"

    def prepare(self):
        """Make of the site what a test wants; done again for each side."""

    def setUp(self):
        super().setUp()
        setSite(self.portal)
        # Its link to the user's processes is on each page.
        applyProfile(self.portal, "netsight.async:default")
        self.prepare()
        transaction.commit()

    def compare_action(self, path, form, cookies=None):
        """Fail if a request has another outcome with the profile.

        It is sent thrice: without the profile, with it below the threshold,
        where the answer must be the same and no process started, and above
        it.  Returns the Outcome in the background.
        """
        visit = path, form, cookies or {}
        at_once = self.outcome(self.at_once, *visit)
        self.begin_anew()
        install(self.portal, threshold=10_000)
        below = self.outcome(self.at_once, *visit)
        self.assertEqual(self.processes(), [])
        self.assert_same_outcome(at_once, below)
        self.begin_anew()
        install(self.portal, threshold=0)
        above = self.outcome(self.in_background, *visit)
        self.assert_same_outcome(at_once, above)
        return above

    def outcome(self, *args):
        """Return an Outcome, without what the profile itself has changed."""
        outcome = super().outcome(*args)
        body = VIEWLET.sub("", "\n".join(outcome.body))
        body = MINUTE.sub("...", body)
        outcome.body[:] = [line for line in body.splitlines() if line.strip()]
        del outcome.state["site"]["registry"]
        site = outcome.state["/plone"]["object"]["permissions"]
        for name in [each for each in site if "netsight_async" in each]:
            del site[name]
        return outcome

    def send(self, client, path, form):
        if self.method == "get":
            return client.get(path, dict(form))
        return client.post(path, form)
