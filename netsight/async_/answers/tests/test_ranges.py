"""Parts of a result, as a download that broke off asks for."""

import os
from unittest import mock

from netsight.async_.records.body import INLINE_BODY_BYTES
from netsight.async_.running.monitor import monitor
from netsight.async_.tests.support import AsyncTestCase


TEXT = b"0123456789"
LARGE = os.urandom(2 * INLINE_BODY_BYTES)


def answering(body, status=200, **headers):
    """Return a job with this response."""

    def work(view, process_id):
        response = view.request.response
        response.setStatus(status)
        for name, value in headers.items():
            response.setHeader(name.replace("_", "-"), value)
        return body

    return work


class PartTestCase(AsyncTestCase):
    def done(self, work):
        """Run a job; the requests are for its result."""
        self.their_client, self.process_id = self.run_job(work)

    def get(self, status, asked=None, **headers):
        """GET a part of the result; return the response."""
        if asked is not None:
            headers["Range"] = asked
        return self.their_client.get(
            f"/job/result?process_id={self.process_id}",
            headers={n.replace("_", "-"): v for n, v in headers.items()},
            status=status,
        )


class PartTests(PartTestCase):
    def assert_part(self, data, asked, content_range, **headers):
        response = self.get(206, asked, **headers)
        self.assertEqual(response.body, data)
        self.assertEqual(response.headers["Content-Range"], content_range)
        self.assertEqual(response.headers["Content-Length"], str(len(data)))

    def test_of_a_small_result(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        self.assert_part(b"234", "bytes=2-4", "bytes 2-4/10")

    def test_of_a_large_result(self):
        self.done(answering(LARGE, Content_Type="x/y"))
        size = len(LARGE)
        self.assert_part(
            LARGE[70_000:90_000],
            "bytes=70000-89999",
            f"bytes 70000-89999/{size}",
        )

    def test_from_a_byte_to_the_end(self):
        self.done(answering(LARGE, Content_Type="x/y"))
        size = len(LARGE)
        self.assert_part(
            LARGE[100_000:], "bytes=100000-", f"bytes 100000-{size - 1}/{size}"
        )

    def test_the_last_bytes(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        self.assert_part(b"789", "bytes=-3", "bytes 7-9/10")

    def test_more_last_bytes_than_there_are(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        self.assert_part(TEXT, "bytes=-30", "bytes 0-9/10")

    def test_more_bytes_than_there_are(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        self.assert_part(b"89", "bytes=8-999", "bytes 8-9/10")

    def test_it_has_the_headers_of_the_result(self):
        self.done(answering(TEXT, Content_Type="x/y", X_Own="1"))
        headers = self.get(206, "bytes=2-4").headers
        self.assertEqual(headers["Content-Type"], "x/y")
        self.assertEqual(headers["X-Own"], "1")
        self.assertEqual(headers["Cache-Control"], "no-store, private")

    def test_of_what_the_client_knows_by_its_tag(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        tag = self.get(200).headers["ETag"]
        self.assert_part(b"234", "bytes=2-4", "bytes 2-4/10", If_Range=tag)

    def test_the_tag_is_that_of_the_job_if_it_has_one(self):
        self.done(answering(TEXT, Content_Type="x/y", ETag='"own"'))
        self.assertEqual(self.get(200).headers["ETag"], '"own"')
        self.assert_part(b"2", "bytes=2-2", "bytes 2-2/10", If_Range='"own"')

    def test_it_says_that_parts_are_there(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        for response in (
            self.get(200),
            self.their_client.head(
                f"/@@job/result?process_id={self.process_id}"
            ),
        ):
            self.assertEqual(response.headers["Accept-Ranges"], "bytes")
            self.assertEqual(response.headers["ETag"], f'"{self.process_id}"')

    def test_there_is_no_such_part(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        for asked in ("bytes=10-", "bytes=10-20", "bytes=-0"):
            with self.subTest(asked):
                response = self.get(416, asked)
                self.assertEqual(
                    response.headers["Content-Range"], "bytes */10"
                )
                self.assertEqual(response.body, b"")


class WholeTests(PartTestCase):
    """Who asks for a part gets all."""

    def assert_whole(self, asked="bytes=2-4", status=200, body=TEXT, **kwargs):
        response = self.get(status, asked, **kwargs)
        self.assertEqual(response.body, body)
        self.assertNotIn("Content-Range", response.headers)

    def test_who_asks_for_several(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        self.assert_whole("bytes=0-1,4-5")

    def test_who_asks_in_another_unit_or_in_none(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        for asked in ("lines=2-4", "bytes=4-2", "bytes", "bytes=a-b", "="):
            with self.subTest(asked):
                self.assert_whole(asked)

    def test_who_knows_something_else(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        self.assert_whole(If_Range='"another"')
        self.assert_whole(If_Range="Sat, 01 Nov 2025 00:00:00 GMT")

    def test_who_knows_it_by_a_weak_tag(self):
        self.done(answering(TEXT, Content_Type="x/y", ETag='W/"own"'))
        self.assert_whole(If_Range='W/"own"')

    def test_of_another_status(self):
        self.done(answering(TEXT, 201, Content_Type="x/y"))
        self.assert_whole(status=201)
        self.assertNotIn("Accept-Ranges", self.get(201).headers)

    def test_of_a_page_which_a_theme_may_change(self):
        html = b"<html><body>0123456789</body></html>"
        self.done(answering(html, Content_Type="text/html"))
        self.assert_whole(body=html)
        self.assertNotIn("Accept-Ranges", self.get(200).headers)

    def test_of_an_empty_result(self):
        self.done(answering(b"", Content_Type="x/y"))
        self.assert_whole(body=b"")


class FetchedTests(PartTestCase):
    """When the time begins after which a result expires."""

    def fetched(self, *args, **kwargs):
        """Tell whether it has begun by a GET."""
        with mock.patch.object(monitor, "note_fetched") as noted:
            self.get(*args, **kwargs)
        noted_ids = [call.args for call in noted.call_args_list]
        self.assertIn(noted_ids, ([], [(self.process_id,)]))
        return bool(noted_ids)

    def test_a_whole_result(self):
        for body in (TEXT, LARGE):
            with self.subTest(len(body)):
                self.done(answering(body, Content_Type="x/y"))
                self.assertTrue(self.fetched(200))

    def test_the_first_part_is_not_all(self):
        for body in (TEXT, LARGE):
            with self.subTest(len(body)):
                self.done(answering(body, Content_Type="x/y"))
                self.assertFalse(self.fetched(206, "bytes=0-4"))

    def test_the_last_part_is_the_rest(self):
        for body in (TEXT, LARGE):
            with self.subTest(len(body)):
                self.done(answering(body, Content_Type="x/y"))
                self.assertTrue(self.fetched(206, "bytes=4-"))

    def test_no_part_is_nothing(self):
        self.done(answering(TEXT, Content_Type="x/y"))
        self.assertFalse(self.fetched(416, "bytes=10-"))
