"""The same job as those of the other peers, and what is asked of them."""

import json
from collections import Counter
from importlib import import_module

from bench_site import effects
from Products.Five import BrowserView


# `async` is a word of the language now, for what checks this file.
BaseAsyncView = import_module(
    "netsight.async.browser.BaseAsyncView"
).BaseAsyncView

retries = Counter()


class JobView(BaseAsyncView):
    def __run__(self, process_id=None, *args, **kwargs):
        effects.have(self.context._p_jar.root(), self.request.form["key"])
        return "done"


class PageView(BrowserView):
    def __call__(self):
        return "a page"


class CountersView(BrowserView):
    def __call__(self):
        root = self.context._p_jar.root()
        if effects.NAME not in root:
            effects.make(root)
        return json.dumps(dict(retries, effects=effects.count(root)))


def count(event):
    if event.retry:
        retries["requests"] += 1
