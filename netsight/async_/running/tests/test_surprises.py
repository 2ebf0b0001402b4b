"""What libraries do that docs/explanation/surprises.rst tells of.

If a new version does not do so any more, the page is to be changed.
"""

import re
import tempfile
import unittest
from importlib.metadata import version
from pathlib import Path

import transaction
from BTrees.IOBTree import IOBTree
from persistent import GHOST
from persistent.mapping import PersistentMapping
from ZODB.blob import Blob
from ZODB.POSException import ConflictError
from zope.component import getGlobalSiteManager
from ZPublisher.interfaces import IPubBeforeAbort
from ZPublisher.interfaces import IPubFailure

from netsight.async_.interfaces import IProcessFailedEvent
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import ROOT
from netsight.async_.tests.documents import read
from netsight.async_.tests.support import AsyncTestCase


CACHE_SIZE = 50
"""Objects that a connection keeps."""


class AttemptTests(AsyncTestCase):
    """What is left of an attempt that has conflicted."""

    def setUp(self):
        super().setUp()
        retry_conflicts(self)
        self.attempts = 0

    def run_twice(self, work):
        """Do ``work(view)``, which conflicts, and do it again."""

        def conflicting(view, process_id):
            self.attempts += 1
            result = work(view)
            if self.attempts == 1:
                raise ConflictError("conflict")
            return result

        _client, process_id = self.run_job(conflicting)
        process = self.process(process_id)
        self.assertEqual(self.attempts, 2)
        return process

    def test_volatile_attributes_of_what_is_not_changed_are_left(self):
        self.app.records = PersistentMapping()
        transaction.commit()
        seen = []

        def work(view):
            records = view.context.records
            seen.append(getattr(records, "_v_of_the_attempt", None))
            records._v_of_the_attempt = self.attempts

        self.run_twice(work)
        self.assertEqual(seen, [None, 1])

    def test_those_of_what_is_changed_are_not(self):
        self.app.records = PersistentMapping()
        transaction.commit()
        seen = []

        def work(view):
            records = view.context.records
            seen.append(getattr(records, "_v_of_the_attempt", None))
            records["changed"] = True
            records._v_of_the_attempt = self.attempts

        self.run_twice(work)
        self.assertEqual(seen, [None, None])

    def test_a_file_that_a_blob_has_consumed_is_gone(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "import.csv"
        path.write_text("a;b")

        def work(view):
            view.context.upload = Blob()
            view.context.upload.consumeFile(str(path))

        with self.assertLogs("netsight.async_", "ERROR"):
            process = self.run_twice(work)
        self.assertEqual(process.error.kind, "FileNotFoundError")
        self.assertFalse(path.exists())


class CacheTests(AsyncTestCase):
    """A checkpoint shrinks the cache to the `cache-size`."""

    def setUp(self):
        super().setUp()
        self.layer["zodbDB"].setCacheSize(CACHE_SIZE)
        self.app.many = PersistentMapping(
            {str(n): PersistentMapping(n=n) for n in range(4 * CACHE_SIZE)}
        )
        transaction.commit()

    def work(self, view, free):
        """Read all, commit, and return how many records are in memory."""
        connection = view.context._p_jar
        records = list(view.context.many.values())
        for record in records:
            record["n"]
        view.checkpoint()
        if free:
            connection.cacheMinimize()
        return sum(record._p_state != GHOST for record in records)

    def test_it_does_not_free_it(self):
        loaded = self.seen_by(lambda view: self.work(view, free=False))
        self.assertGreater(loaded, 0)
        self.assertLessEqual(loaded, CACHE_SIZE)

    def test_cache_minimize_does(self):
        loaded = self.seen_by(lambda view: self.work(view, free=True))
        self.assertEqual(loaded, 0)


class PublisherTests(AsyncTestCase):
    def heard_of(self, interface):
        """Return the list to which events of an interface are added."""
        events = []
        handler = (lambda event: events.append(event), (interface,))
        manager = getGlobalSiteManager()
        manager.registerHandler(*handler)
        self.addCleanup(manager.unregisterHandler, *handler)
        return events

    def test_a_process_that_fails_is_no_failure_of_its_publisher(self):
        aborts = self.heard_of(IPubBeforeAbort)
        failures = self.heard_of(IPubFailure)
        ends = self.heard_of(IProcessFailedEvent)
        with self.assertLogs("netsight.async_", "ERROR"):
            self.run_job(lambda view, process_id: 1 / 0)
        self.assertEqual((aborts, failures), ([], []))
        self.assertEqual(len(ends), 1)

    def test_text_xml_is_refused_and_application_xml_is_not(self):
        if version("Zope") == "5.10":
            self.skipTest("it answers 500 in the place of 400")
        self.job(lambda view, process_id: "x")
        for kind, status in (("text/xml", 400), ("application/xml", 302)):
            with self.subTest(kind):
                self.client().post(
                    "/job", "<a/>", content_type=kind, status=status
                )


class BucketTests(AsyncTestCase):
    """Two transactions that change different keys of a small BTree."""

    def change(self, value_of):
        """Let both set a key to ``value_of(old value)``; tell of conflict."""
        self.app.tree = IOBTree({n: value_of(None) for n in range(10)})
        transaction.commit()
        manager = transaction.TransactionManager()
        other = self.layer["zodbDB"].open(manager)
        try:
            tree = other.root()["Application"].tree
            tree[1] = value_of(tree[1])
            self.app.tree[7] = value_of(self.app.tree[7])
            transaction.commit()
            manager.commit()
        except ConflictError:
            return True
        finally:
            manager.abort()
            other.close()
        return False

    def test_numbers_are_merged(self):
        self.assertFalse(self.change(lambda old: (old or 0) + 1))

    def test_dicts_are_not(self):
        self.assertTrue(self.change(lambda old: {"old": old}))


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class PageTests(unittest.TestCase):
    def test_it_has_the_versions_that_the_tests_run_with(self):
        page = read("explanation/surprises.rst")
        constraints = (ROOT / "constraints.txt").read_text("utf-8")
        pins = re.findall(r"^([\w.]+)==([\d.]+)", constraints, re.MULTILINE)
        names = {name for name, _version in pins}
        said = re.findall(r"([A-Za-z][\w.]*\w)\s+(\d+(?:\.\d+)+)", page)
        said = {pair for pair in said if pair[0] in names}
        self.assertGreater(len(said), 15)
        self.assertLessEqual(said, set(pins))
