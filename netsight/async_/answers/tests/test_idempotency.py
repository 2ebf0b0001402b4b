"""Idempotency-Key: the same request twice is one process."""

import unittest
from io import BytesIO

import transaction

from netsight.async_.answers.idempotency import digest_of
from netsight.async_.answers.idempotency import parsed_key
from netsight.async_.exceptions import BadIdempotencyKeyError
from netsight.async_.records.database import query_registry
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.conflicts import start_two_at_once
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never


KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'


class IdempotencyTests(AsyncTestCase):
    def setUp(self):
        super().setUp()
        self.job(lambda view, process_id: "done")
        never = processes_run_by(Never())
        never.__enter__()
        self.addCleanup(never.__exit__, None, None, None)

    def post(self, key=KEY, login=EDITOR, url="/job", body="", **kwargs):
        headers = {"Idempotency-Key": key, "Prefer": "respond-async"}
        client = self.client(login)
        return client.post(url, body, headers=headers, **kwargs)

    def test_the_same_request_again_is_the_same_process(self):
        first, again = self.post(body="a=1"), self.post(body="a=1")
        self.assertEqual(again.status_int, 202)
        self.assertEqual(again.text, first.text)
        self.assertEqual(again.location, first.location)
        self.assertEqual(len(self.processes()), 1)

    def test_it_is_the_same_also_after_its_end(self):
        first = self.post()
        run(first.json["id"])
        again = self.post()
        self.assertEqual(again.location, first.location)
        self.assertEqual(again.json["state"], "completed")

    def test_a_key_with_and_without_quotes_is_the_same(self):
        first, again = self.post(), self.post(KEY.strip('"'))
        self.assertEqual(again.location, first.location)

    def test_a_browser_is_led_to_the_same_page(self):
        client = self.client(EDITOR)
        headers = {"Idempotency-Key": KEY}
        first, again = (client.start("/job", headers=headers) for _ in "ab")
        self.assertEqual(again, first)

    def test_other_keys_and_no_keys_are_other_processes(self):
        self.post()
        self.post('"other"')
        self.client(EDITOR).start("/job")
        self.client(EDITOR).start("/job")
        self.assertEqual(len(self.processes()), 4)

    def test_users_and_views_do_not_share_keys(self):
        self.post()
        self.post(login=READER)
        self.post(url="/other-job")
        self.assertEqual(len(self.processes()), 3)

    def test_another_request_with_the_same_key_is_refused(self):
        self.post(body="a=1")
        for request in (
            {"body": "a=2"},
            {"body": "a=1", "url": "/job?b=1"},
            {"body": "a=1", "content_type": "text/plain"},
        ):
            with self.subTest(request):
                response = self.post(status=422, **request)
                self.assertTrue(
                    response.json["type"].endswith("#idempotency-reused")
                )
        self.assertEqual(len(self.processes()), 1)

    def test_another_method_is_refused(self):
        self.post(url="/templated-job?run=1")
        self.client(EDITOR).get(
            "/templated-job?run=1",
            headers={"Idempotency-Key": KEY, "Prefer": "respond-async"},
            status=422,
        )

    def test_a_malformed_key_is_refused(self):
        for key in ('""', '"', '"a', "a b", '"a", "b"', '"\xe4"', "x" * 256):
            with self.subTest(key):
                response = self.post(key, status=400)
                self.assertTrue(
                    response.json["type"].endswith("#idempotency-key")
                )
        self.assertEqual(self.processes(), [])

    def test_an_anonymous_one_is_refused(self):
        response = self.post(login=None, status=400)
        self.assertTrue(
            response.json["type"].endswith("#idempotency-anonymous")
        )
        self.assertEqual(self.processes(), [])

    def test_a_key_is_forgotten_with_its_process(self):
        first = self.post().json["id"]
        transaction.begin()
        registry = query_registry(self.app)
        registry.remove(first)
        self.assertEqual(len(registry._keys), 0)
        transaction.commit()
        self.assertNotEqual(self.post().json["id"], first)

    def test_neither_key_nor_request_is_stored_in_clear(self):
        self.post(body="a=sensitive")
        (process,) = self.processes()
        for digest in process.idempotency:
            self.assertRegex(digest, "^[0-9a-f]{64}$")

    def test_two_requests_at_once_are_one_process(self):
        first, other = start_two_at_once(self, lambda: self.post().location)
        self.assertEqual(first, other)
        self.assertEqual(len(self.processes()), 1)

    def test_a_single_view_leads_to_the_one_that_runs(self):
        first = self.post('"a"', url="/single-job").json["id"]
        second = self.post('"b"', url="/single-job").json["id"]
        self.assertEqual(second, first)


class Bounded(BytesIO):
    """A body that may be read in small pieces only."""

    def read(self, size=-1):
        if not 0 <= size <= 1024 * 1024:
            raise AssertionError("read as a whole")
        return super().read(size)


class Request:
    """A parsed request with a body."""

    def __init__(self, body, method="POST"):
        self.method = method
        self.environ = {"REQUEST_METHOD": method}
        self.stdin = Bounded(body)


class DigestTests(unittest.TestCase):
    def test_a_large_body_is_never_read_as_a_whole(self):
        body = bytes(5 * 1024 * 1024)
        self.assertEqual(
            digest_of(Request(body), KEY), digest_of(Request(body), KEY)
        )
        self.assertNotEqual(
            digest_of(Request(body), KEY),
            digest_of(Request(body[1:] + b"x"), KEY),
        )

    def test_the_body_can_be_read_again(self):
        request = Request(b"abc")
        request.stdin.seek(2)
        digest_of(request, KEY)
        self.assertEqual(request.stdin.read(1), b"c")

    def test_the_end_of_the_address_is_not_the_begin_of_the_body(self):
        one, two = Request(b"b"), Request(b"")
        one.environ["QUERY_STRING"] = "a"
        two.environ["QUERY_STRING"] = "ab"
        self.assertNotEqual(digest_of(one, KEY), digest_of(two, KEY))


class KeyTests(unittest.TestCase):
    def test_quotes_and_backslashes_may_be_escaped(self):
        self.assertEqual(parsed_key(r'"a\"b\\c"'), r'a"b\c')

    def test_the_length_counts_without_quotes(self):
        self.assertEqual(parsed_key('"' + "x" * 255 + '"'), "x" * 255)
        with self.assertRaises(BadIdempotencyKeyError):
            parsed_key('"' + "x" * 256 + '"')

    def test_other_escapes_and_parameters_are_refused(self):
        for header in (r'"a\b"', '"a";b=1', "a,b", "\x7f", '"\t"'):
            with self.subTest(header):
                with self.assertRaises(BadIdempotencyKeyError):
                    parsed_key(header)
