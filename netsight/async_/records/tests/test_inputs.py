"""Bodies of requests that a server gives once."""

import io
import os
import unittest
from types import SimpleNamespace
from unittest import mock

from zExceptions import BadRequest
from ZODB.POSException import ConflictError
from ZPublisher import HTTPRequest

from netsight.async_.records.body import SPOOL_BYTES
from netsight.async_.records.inputs import keep_input
from netsight.async_.records.inputs import kept
from netsight.async_.records.requests import input_of
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.inputs import Unseekable
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.views import JobView


def with_length(length):
    return {"CONTENT_LENGTH": str(length)}


class KeptTests(unittest.TestCase):
    def test_it_is_read_any_number_of_times(self):
        data = os.urandom(SPOOL_BYTES + 1)
        stream = kept(Unseekable(data), with_length(len(data)))
        with stream:
            self.assertEqual(stream.read(), data)
            stream.seek(0)
            self.assertEqual(stream.read(), data)

    def test_what_follows_a_part_that_is_read_again(self):
        stream = kept(Unseekable(b"one\ntwo\n"), with_length(8))
        with stream:
            self.assertEqual(stream.readline(), b"one\n")
            stream.seek(2)
            self.assertEqual(stream.read(), b"e\ntwo\n")

    def test_a_place_that_was_not_received_yet(self):
        with kept(Unseekable(b"0123456789"), with_length(10)) as stream:
            self.assertEqual(stream.seek(7), 7)
            self.assertEqual(stream.read(), b"789")
            self.assertEqual(stream.seek(-4, io.SEEK_CUR), 6)
            self.assertEqual(stream.read(), b"6789")

    def test_its_size_is_known_before_it_is_read(self):
        with kept(Unseekable(b"0123456789"), with_length(10)) as stream:
            self.assertEqual(stream.seek(0, io.SEEK_END), 10)
            stream.seek(0)
            self.assertEqual(stream.read(3), b"012")

    def test_nothing_is_received_before_it_is_read(self):
        source = Unseekable(bytes(SPOOL_BYTES))
        with kept(source, with_length(SPOOL_BYTES)) as stream:
            self.assertEqual(source.received, 0)
            stream.read(1)
            self.assertLess(source.received, SPOOL_BYTES)

    def test_nothing_is_read_beyond_its_length(self):
        # Some servers would wait for the next request.
        source = Unseekable(b"bodynext")
        with kept(source, with_length(4)) as stream:
            self.assertEqual(stream.read(), b"body")
        self.assertEqual(source.received, 4)

    def test_a_chunked_body_ends_where_the_server_says(self):
        environ = {"wsgi.input_terminated": True}
        with kept(Unseekable(b"chunks"), environ) as stream:
            self.assertEqual(stream.read(), b"chunks")

    def test_without_a_length_and_an_end_there_is_no_body(self):
        with kept(Unseekable(b"next"), {}) as stream:
            self.assertEqual(stream.read(), b"")

    def test_a_body_that_breaks_off_is_refused(self):
        with (
            kept(Unseekable(b"half"), with_length(8)) as stream,
            self.assertRaisesRegex(BadRequest, "not complete"),
        ):
            stream.read()


class SeekableTests(unittest.TestCase):
    def test_an_input_that_can_be_read_twice_stays_as_it_is(self):
        stream = io.BytesIO(b"of waitress")
        stream.seek(3)
        request = SimpleNamespace(stdin=stream, environ={})
        keep_input(SimpleNamespace(request=request))
        self.assertIs(request.stdin, stream)
        self.assertEqual(stream.tell(), 3)


class ServedOnceTests(AsyncTestCase):
    """All requests of a server that gives their bodies once."""

    def setUp(self):
        super().setUp()
        self.sources = []

    def client(self, login=None):
        client = super().client(login)
        inner = client.app

        def app(environ, start_response):
            stream = Unseekable(environ["wsgi.input"].read())
            self.sources.append(stream)
            environ["wsgi.input"] = stream
            return inner(environ, start_response)

        client.app = app
        return client

    def seen_in(self, **kwargs):
        def look(view):
            with input_of(view.request) as stream:
                return dict(view.request.form), stream.read()

        return self.seen_by(look, **kwargs)

    def test_a_process_has_the_form(self):
        form, body = self.seen_in(params={"a": "1"})
        self.assertEqual((form, body), ({"a": "1"}, b"a=1"))

    def test_a_process_has_a_body_that_is_no_form(self):
        _form, body = self.seen_in(
            params=b'{"a": 1}', content_type="application/json"
        )
        self.assertEqual(body, b'{"a": 1}')

    def test_a_request_that_is_repeated_is_whole(self):
        retry_conflicts(self)
        with mock.patch.object(
            JobView, "run_process", side_effect=[ConflictError, True]
        ) as asked:
            form, body = self.seen_in(params={"a": "1"})
        self.assertEqual((form, body), ({"a": "1"}, b"a=1"))
        self.assertEqual(asked.call_count, 2)

    def test_what_zope_refuses_for_its_size_is_not_received(self):
        size = 3 * HTTPRequest.FORM_MEMORY_LIMIT
        self.client().post("/job", bytes(size), status=400)
        self.assertLess(self.sources[0].received, size)
        self.assertEqual(self.processes(), [])

    def test_the_environ_has_what_can_be_read_again(self):
        def read(view):
            return view.request.environ["wsgi.input"].seek(0)

        self.assertEqual(self.seen_by(read, params={"a": "1"}), 0)
