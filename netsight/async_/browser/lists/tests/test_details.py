"""The details of one process, on Zope without Plone."""

import unittest
from unittest import mock

import transaction
from ZODB.POSException import POSKeyError

from netsight.async_.browser.lists import input as input_module
from netsight.async_.browser.lists.input import VALUE_CHARS_MOST
from netsight.async_.browser.lists.input import Field
from netsight.async_.browser.lists.input import input_of
from netsight.async_.browser.lists.input import is_secret
from netsight.async_.browser.lists.tests.list_support import ListMixin
from netsight.async_.records.body import SmallBody
from netsight.async_.records.parts import RequestSnapshot
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.record_support import make_process
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Never
from netsight.async_.tests.support import text_of


ALL = "/@@async-processes"
FORM = "application/x-www-form-urlencoded"


class SecretTests(unittest.TestCase):
    def test_names_of_secrets(self):
        for name in (
            "password", "new_password", "form.widgets.Password", "PASSWD",
            "userPwd", "client_secret", "clientSecret", "api_key", "apiKey",
            "apikey", "X-Api-Key", "key", "access_token", "token", "auth",
            "Authorization", "_authenticator", "__ac", "__ac_password",
            "credentials", "pin", "session_id", "cookie", "passphrase",
            "private_key",
        ):  # fmt: skip
            self.assertTrue(is_secret(name), name)

    def test_other_names(self):
        for name in (
            "title", "author", "keywords", "monkey", "compass", "pinboard",
            "form.widgets.text", "",
        ):  # fmt: skip
            self.assertFalse(is_secret(name), name)


class InputTests(unittest.TestCase):
    def input(self, body=b"", kind=FORM, query=""):
        process = make_process()
        environ = {
            "CONTENT_TYPE": kind,
            "QUERY_STRING": query,
            "REQUEST_METHOD": "POST",
        }
        process.outcome.request = RequestSnapshot(environ, SmallBody(body))
        return input_of(process)

    def test_the_fields_of_a_form(self):
        shown = self.input(b"name=Ann&town=K%C3%B6ln&name=Bob")
        self.assertEqual(
            shown.fields,
            [
                Field("name", "Ann"),
                Field("name", "Bob"),
                Field("town", "K\xf6ln"),
            ],
        )
        self.assertTrue(shown.is_all)

    def test_those_of_the_address_come_before_them(self):
        shown = self.input(b"b=2", query="a=1&token=abc")
        self.assertEqual(
            shown.fields, [Field("a", "1"), Field("token"), Field("b", "2")]
        )

    def test_secrets_are_masked(self):
        shown = self.input(b"user=ann&password=s3cret&_authenticator=abc")
        self.assertNotIn("s3cret", repr(shown))
        self.assertNotIn("abc", repr(shown))
        self.assertTrue(shown.fields[1].is_secret)

    def test_an_upload_is_its_name_and_size(self):
        body = (
            b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n'
            b'Towns\r\n--x\r\nContent-Disposition: form-data; name="file"; '
            b'filename="towns.csv"\r\nContent-Type: text/csv\r\n\r\n'
            b"K\r\n--x--\r\n"
        )
        shown = self.input(body, "multipart/form-data; boundary=x")
        self.assertEqual(
            shown.fields,
            [Field("title", "Towns"), Field("file", None, "towns.csv", 1)],
        )

    def test_the_keys_of_json_whose_secrets_are_masked_at_any_depth(self):
        body = b'{"a": "x", "token": "s3", "b": [{"apiKey": "s3", "c": 1}]}'
        shown = self.input(body, "application/json; charset=utf-8")
        self.assertEqual(
            shown.fields,
            [
                Field("a", "x"),
                Field("token"),
                Field("b", '[{"apiKey": "***", "c": 1}]'),
            ],
        )

    def test_what_cannot_be_read_has_its_size_only(self):
        for body, kind in (
            (b"{broken", "application/json"),
            (b"\0\1", "application/octet-stream"),
            (b"no boundary", "multipart/form-data"),
            (b"--y", "multipart/form-data; boundary=x"),
        ):
            shown = self.input(body, kind)
            self.assertEqual(shown.fields, [], kind)
            self.assertEqual(shown.size, len(body))

    def test_bytes_that_are_gone_are_no_error(self):
        with mock.patch.object(
            SmallBody, "open", side_effect=POSKeyError(b"oid")
        ):
            shown = self.input(b"a=1", query="b=2")
        self.assertEqual(shown, ([Field("b", "2")], False, 3))

    def test_json_that_is_too_deep_is_no_error(self):
        shown = self.input(b"[" * 100_000, "application/json")
        self.assertEqual(shown.fields, [])

    def test_it_is_bounded(self):
        shown = self.input(b"a=" + b"x" * 1000)
        self.assertEqual(len(shown.fields[0].value), VALUE_CHARS_MOST + 1)
        shown = self.input(b"&".join([b"a=1"] * 101))
        self.assertEqual(len(shown.fields), 100)
        self.assertFalse(shown.is_all)
        with mock.patch.object(input_module, "INPUT_BYTES_MOST", 5):
            shown = self.input(b"a=1&b=2", query="c=3")
        self.assertEqual(shown, ([Field("c", "3")], False, 7))

    def test_there_is_none_without_a_request(self):
        process = make_process()
        process.complete(1, None)
        self.assertIsNone(input_of(process))


class DetailsTests(ListMixin, AsyncTestCase):
    def see(self, process_id, **kwargs):
        path = f"{ALL}?process_id={process_id}"
        return self.client(MANAGER).get(path, **kwargs)

    def queued_with(self, **form):
        with processes_run_by(Never()):
            return self.client(EDITOR).start("/cancellable-job", form)

    def poll(self, process_id):
        path = f"{ALL}?process_id={process_id}&known="
        return self.client(MANAGER).get(path).json

    def test_the_input_is_there_without_secrets_or_markup(self):
        form = {"title": "<b>Towns", "<i>": "1", "password": "s3cret-of-mine"}
        page = self.see(self.queued_with(**form))
        self.assertIn("&lt;b&gt;Towns", page.text)
        self.assertIn("&lt;i&gt;", page.text)
        for text in ("<b>Towns", "<i>", "s3cret-of-mine"):
            self.assertNotIn(text, page.text)
        self.assertIn("password (not shown)", text_of(page))

    def test_it_is_gone_with_the_request(self):
        page = self.see(self.done())
        self.assertNotIn(">Input<", page.text)

    def test_its_owner_does_not_get_there(self):
        process_id = self.queued_with(title="Towns")
        path = f"{ALL}?process_id={process_id}"
        self.client(EDITOR).get(path, status=401)
        self.client(EDITOR).get(f"{path}&known=", status=401)

    def test_heading_and_window_name_the_process(self):
        process_id = self.queued()
        self.registry()[process_id].title = "Towns <b>"
        transaction.commit()
        page = self.see(process_id)
        self.assertRegex(page.text, r"<h1[^>]*>Towns &lt;b&gt;</h1>")

    def test_it_links_to_the_object_and_to_the_view(self):
        page = self.see(self.queued())
        self.assertIn('href="http://localhost/cancellable-job"', page)
        self.assertIn('href="http://localhost"', page)

    def test_what_is_gone_has_no_link(self):
        self.app.manage_addFolder("gone")
        transaction.commit()
        self.base = "/gone"
        process_id = self.queued()
        self.assertIn('href="http://localhost/gone"', self.see(process_id))
        self.app._delObject("gone")
        transaction.commit()
        self.assertNotIn('href="http://localhost/gone', self.see(process_id))

    def test_a_poll_has_the_details_and_no_page(self):
        process_id = self.queued()
        html = self.poll(process_id)["html"]
        self.assertIn(process_id, html)
        self.assertIn("data-live", html)
        self.assertNotIn("<body", html)
        self.assertNotIn("data-live", self.poll(self.done())["html"])

    def test_a_poll_of_one_that_was_removed_has_none(self):
        self.assertEqual(self.poll("abcde"), {"html": ""})

    def test_a_button_says_of_which_process_it_is(self):
        self.assertIn(
            "Stop : cancellable-job", text_of(self.see(self.queued()))
        )
