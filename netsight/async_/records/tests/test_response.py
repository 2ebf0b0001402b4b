"""The result is the whole response, as if the view had answered."""

import tempfile
from email.message import Message
from unittest import mock

from zExceptions import Redirect
from zope.interface import implementer
from ZPublisher.Iterators import IUnboundStreamIterator
from ZPublisher.Iterators import filestream_iterator

from netsight.async_.records.body import INLINE_BODY_BYTES
from netsight.async_.running.monitor import monitor
from netsight.async_.tests.support import AsyncTestCase


@implementer(IUnboundStreamIterator)
class Chunks:
    """A stream iterator of unknown length; notes that it was closed."""

    def __init__(self, chunks):
        self._chunks = iter(chunks)
        self.closed = False

    def __next__(self):
        return next(self._chunks)

    def close(self):
        self.closed = True


class ResponseTests(AsyncTestCase):
    def test_text_in_any_script(self):
        text = "Grüße, Пётр, 日本, 🚀"
        result = self.result_of(lambda view, pid: text)
        self.assertEqual(result.text, text)
        self.assertEqual(
            result.headers["Content-Type"], "text/plain; charset=utf-8"
        )

    def test_bytes_are_exact(self):
        data = bytes(range(256)) * 10

        def work(view, pid):
            view.request.response.setHeader("Content-Type", "image/x-any")
            return data

        result = self.result_of(work)
        self.assertEqual(result.body, data)
        self.assertEqual(result.headers["Content-Type"], "image/x-any")

    def test_text_in_another_charset(self):
        def work(view, pid):
            view.request.response.setHeader(
                "Content-Type", "text/plain; charset=iso-8859-15"
            )
            return "10 €"

        result = self.result_of(work)
        self.assertEqual(result.body, "10 €".encode("iso-8859-15"))

    def test_xml_with_its_declaration_is_exact(self):
        xml = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><a/>'

        def work(view, pid):
            view.request.response.setHeader("Content-Type", "text/xml")
            return xml

        self.assertEqual(self.result_of(work).body, xml)

    def test_status_and_reason(self):
        def work(view, pid):
            view.request.response.setStatus(201, "Made it")
            return "x"

        result = self.result_of(work, status=201)
        self.assertEqual(result.status, "201 Made it")

    def test_an_error_status_that_the_view_sets_is_a_result(self):
        def work(view, pid):
            view.request.response.setStatus(418)
            return "short and stout"

        client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).state, "completed")
        client.see("/job", "result", process_id, status=418)

    def test_nothing_is_204(self):
        for nothing in (None, "", b""):
            with self.subTest(nothing):
                result = self.result_of(
                    lambda view, pid, n=nothing: n, status=204
                )
                self.assertEqual(result.body, b"")

    def test_headers_repeated_ones_too(self):
        def work(view, pid):
            response = view.request.response
            response.setHeader("X-One", "1")
            response.addHeader("X-Many", "a")
            response.addHeader("X-Many", "b")
            response.setHeader(
                "Content-Disposition", "attachment; filename*=utf-8''%C3%A4"
            )
            return "x"

        headers = self.result_of(work).headers
        self.assertEqual(headers["X-One"], "1")
        self.assertEqual(headers.getall("X-Many"), ["a", "b"])
        self.assertEqual(
            headers["Content-Disposition"],
            "attachment; filename*=utf-8''%C3%A4",
        )

    def test_cookies_with_all_attributes(self):
        def work(view, pid):
            view.request.response.setCookie(
                "flavour", "süß", path="/x", http_only=True, secure=True,
                same_site="Strict", max_age=60,
            )  # fmt: skip
            view.request.response.expireCookie("old", path="/")
            return "x"

        cookies = self.result_of(work).headers.getall("Set-Cookie")
        self.assertEqual(len(cookies), 2)
        flavour = Message()
        flavour["Set-Cookie"] = cookies[0]
        for attribute in (
            "Path=/x", "HttpOnly", "Secure", "SameSite=Strict", "Max-Age=60",
        ):  # fmt: skip
            self.assertIn(attribute, cookies[0])
        self.assertIn("flavour=s", cookies[0])
        self.assertIn(
            'old="deleted"', cookies[1].replace("=deleted", '="deleted"')
        )

    def test_caches_are_told_not_to_keep_a_result(self):
        def work(view, pid):
            view.request.response.setHeader(
                "Cache-Control", "public, max-age=3600"
            )
            return "x"

        headers = self.result_of(work).headers
        self.assertEqual(
            headers.getall("Cache-Control"), ["no-store, private"]
        )

    def test_what_outranks_that_in_some_caches_is_left_out(self):
        names = (
            *("Expires", "Pragma", "Surrogate-Control"),
            *("CDN-Cache-Control", "X-Accel-Expires"),
        )

        def work(view, pid):
            for name in names:
                view.request.response.setHeader(name, "public, max-age=9")
            return "x"

        headers = self.result_of(work).headers
        self.assertEqual([name for name in names if name in headers], [])

    def test_what_the_job_says_of_parts_is_left_out(self):
        def work(view, pid):
            view.request.response.setHeader("Accept-Ranges", "none")
            return "x"

        headers = self.result_of(work).headers
        self.assertEqual(headers.getall("Accept-Ranges"), ["bytes"])

    def test_a_header_that_cannot_be_sent_is_a_failure(self):
        def work(view, pid):
            view.request.response.setHeader("X-Weather", "\N{SNOWMAN}")
            view.context.title = "changed"
            return "x"

        _client, process_id = self.run_job(work)
        process = self.process(process_id)
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.kind, "UnicodeEncodeError")
        self.assertNotEqual(self.app.title, "changed")

    def test_a_result_can_be_fetched_again(self):
        client, process_id = self.run_job(lambda view, pid: "x")
        for _ in range(2):
            self.assertEqual(
                client.see("/job", "result", process_id).text, "x"
            )


class RedirectTests(AsyncTestCase):
    def test_a_head_is_no_fetch(self):
        client, process_id = self.run_job(lambda view, pid: "x")
        with mock.patch.object(monitor, "note_fetched") as noted:
            client.head(f"/@@job/result?process_id={process_id}", status=200)
            noted.assert_not_called()
            client.see("/job", "result", process_id)
            noted.assert_called_once_with(process_id)

    def test_a_returned_redirect(self):
        result = self.result_of(
            lambda view, pid: view.request.response.redirect("/there"),
            status=302,
        )
        self.assertEqual(result.headers["Location"], "/there")

    def test_a_returned_redirect_keeps_what_the_job_wrote(self):
        def work(view, pid):
            view.context.title = "written"
            view.request.response.redirect("/there", status=303)

        self.result_of(work, status=303)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, "written")

    def test_a_raised_redirect_is_a_result(self):
        def work(view, pid):
            raise Redirect("http://localhost/away")

        client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).state, "completed")
        result = client.see("/job", "result", process_id, status=302)
        self.assertEqual(result.headers["Location"], "http://localhost/away")

    def test_a_raised_redirect_rolls_back_as_it_does_in_any_view(self):
        before = self.app.title

        def work(view, pid):
            view.context.title = "written"
            raise Redirect("http://localhost/away")

        self.result_of(work, status=302)
        self.app._p_jar.sync()
        self.assertEqual(self.app.title, before)


class StreamTests(AsyncTestCase):
    """Stream iterators, files, and `response.write`."""

    large = b"0123456789abcdef" * 8192

    def test_a_stream_iterator_of_unknown_length(self):
        chunks = Chunks([b"one ", b"two"])
        result = self.result_of(lambda view, pid: chunks)
        self.assertEqual(result.body, b"one two")
        self.assertEqual(result.headers["Content-Length"], "7")
        self.assertTrue(chunks.closed)

    def test_a_file_stream_iterator(self):
        with tempfile.NamedTemporaryFile() as stored:
            stored.write(self.large)
            stored.flush()

            def work(view, pid):
                view.request.response.setHeader("Content-Type", "x/y")
                return filestream_iterator(stored.name, "rb")

            result = self.result_of(work)
        self.assertEqual(result.body, self.large)
        self.assertEqual(
            result.headers["Content-Length"], str(len(self.large))
        )

    def test_an_open_file(self):
        def work(view, pid):
            stream = tempfile.TemporaryFile()
            stream.write(b"from a file")
            return stream

        self.assertEqual(self.result_of(work).body, b"from a file")

    def test_response_write(self):
        def work(view, pid):
            response = view.request.response
            response.setHeader("Content-Type", "text/csv")
            response.write(b"a,b\r\n")
            response.write(b"1,2\r\n")

        result = self.result_of(work)
        self.assertEqual(result.body, b"a,b\r\n1,2\r\n")
        self.assertEqual(result.content_type, "text/csv")

    def test_response_write_and_then_a_body(self):
        def work(view, pid):
            view.request.response.write(b"head ")
            return "and tail"

        self.assertEqual(self.result_of(work).body, b"head and tail")

    def test_a_large_result_is_a_blob_and_streamed(self):
        def work(view, pid):
            view.request.response.setHeader("Content-Type", "x/y")
            return self.large

        client, process_id = self.run_job(work)
        body = self.process(process_id).response.body
        self.assertGreater(body.size, INLINE_BODY_BYTES)
        self.assertIsNotNone(body.blob)
        self.assertEqual(body.data, b"")
        result = client.see("/job", "result", process_id)
        self.assertEqual(result.body, self.large)

    def test_a_large_html_result_comes_whole_for_the_theme(self):
        html = "<html><body>" + "<p>x</p>" * 20000 + "</body></html>"
        result = self.result_of(lambda view, pid: html_page(view, html))
        self.assertEqual(result.text, html)

    def test_a_stream_that_breaks_is_a_failure(self):
        def broken():
            yield b"one"
            raise OSError("disk on fire")

        _client, process_id = self.run_job(lambda view, pid: Chunks(broken()))
        process = self.process(process_id)
        self.assertEqual(process.state, "failed")
        self.assertEqual(process.error.text, "disk on fire")

    def test_a_stream_of_no_bytes_is_a_failure(self):
        _client, process_id = self.run_job(lambda view, pid: Chunks(["text"]))
        self.assertEqual(self.process(process_id).error.kind, "TypeError")


def html_page(view, html):
    """Return `html` as HTML."""
    view.request.response.setHeader("Content-Type", "text/html")
    return html
