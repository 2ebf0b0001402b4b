"""What this Zope has done: effects, and requests begun anew."""

import json
import threading
from collections import Counter

from Products.Five import BrowserView

from bench_site import effects


retries = Counter()


def count(event):
    """Count a failure that Zope repeats; a subscriber of IPubFailure."""
    if event.retry:
        ours = threading.current_thread().name.startswith("netsight.async")
        retries["runs" if ours else "requests"] += 1


class CountersView(BrowserView):
    """As JSON; and makes what effects need, if it is missing."""

    def __call__(self):
        root = self.context._p_jar.root()
        if effects.NAME not in root:
            effects.make(root)
        return json.dumps({"effects": effects.count(root), **retries})
