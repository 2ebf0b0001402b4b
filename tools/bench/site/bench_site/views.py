"""Views that are measured, and what they are compared with."""

import json
import time

import transaction
from BTrees.Length import Length
from BTrees.OOBTree import OOBTree
from persistent import Persistent
from persistent.mapping import PersistentMapping
from Products.Five import BrowserView

from bench_site import effects
from bench_site.marks import mark
from netsight.async_ import BaseAsyncView


ADDED = "bench added"
RECORDS = "bench records"


class Small(Persistent):
    """Some hundred bytes."""

    def __init__(self, text):
        self.text = text


class PageView(BrowserView):
    """A plain page, without a template."""

    def __call__(self):
        return "a page"


class AddView(BrowserView):
    """A POST that adds one small object, and redirects."""

    def __call__(self):
        root = self.context._p_jar.root()
        if ADDED not in root:
            root[ADDED] = OOBTree()
        root[ADDED][f"{time.time_ns():020}"] = Small("x" * 100)
        self.request.response.redirect(
            f"{self.context.absolute_url()}/bench-page"
        )


class AddRecordView(BrowserView):
    """The same with as many objects as a start stores.

    The record is of three, as three write to it; it is in a tree of all and in
    one of what is active, and those are counted.
    """

    def __call__(self):
        root = self.context._p_jar.root()
        if RECORDS not in root:
            root[RECORDS] = PersistentMapping(
                all=OOBTree(), active=OOBTree(), count=Length()
            )
        records = root[RECORDS]
        record = Small("x" * 100)
        record.claim, record.outcome = Small("y"), Small("z")
        key = f"{time.time_ns():020}"
        records["all"][key] = records["active"][key] = record
        records["count"].change(1)
        self.request.response.redirect(
            f"{self.context.absolute_url()}/bench-page?key={key}"
        )


class LookUpView(BrowserView):
    """Tells of one of these records, as JSON that is not kept.

    So does a poll: it finds a record by an id in the query, below the address
    of its view, and reads all three objects of it.
    """

    def publishTraverse(self, request, name):
        return self

    def browserDefault(self, request):
        return self, ()

    def __call__(self):
        tree = self.context._p_jar.root()[RECORDS]["all"]
        key = self.request.form["key"]
        record = tree[key]
        response = self.request.response
        response.setHeader("Content-Type", "application/json")
        response.setHeader("Cache-Control", "no-store")
        parts = (record, record.claim, record.outcome)
        return json.dumps({"key": key, "texts": [each.text for each in parts]})


class CommitsView(BrowserView):
    """A page that commits twice, a small object each time.

    So does a run: when it claims, and with its outcome.
    """

    def __call__(self):
        root = self.context._p_jar.root()
        small = root[ADDED][root[ADDED].maxKey()]
        small.text = "y" * 100
        transaction.commit()
        small.text = "z" * 100
        transaction.commit()
        return "a page"


class JobView(BaseAsyncView):
    """A job that says when its work began and ended."""

    def initial_page(self):
        return "the form"

    def __run__(self, process_id=None):
        mark()
        answer = self.work(process_id)
        mark()
        return answer


class SmallView(JobView):
    """Does nothing."""

    def work(self, process_id):
        return "done"


class EffectView(JobView):
    """Has the effect of the `key` in the form."""

    def work(self, process_id):
        effects.have(self.context._p_jar.root(), self.request.form["key"])
        return "done"


class CpuView(JobView):
    """Counts to `loops`, then has the effect of the `key`."""

    def work(self, process_id):
        for _loop in range(int(self.request.form["loops"])):
            pass
        effects.have(self.context._p_jar.root(), self.request.form["key"])
        return "done"


class ProgressView(JobView):
    """Answers with the microseconds that `set_progress` takes in a loop."""

    loops = 100_000

    def work(self, process_id):
        loops = self.loops
        began = time.thread_time()
        for number in range(loops):
            100 * number / loops
        between = time.thread_time()
        for number in range(loops):
            self.set_progress(process_id, 100 * number / loops)
        ended = time.thread_time()
        seconds = (ended - between) - (between - began)
        return f"{1e6 * seconds / loops:.3f}"
