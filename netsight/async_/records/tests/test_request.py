"""What a process sees of the request that started it."""

import unittest
from types import SimpleNamespace
from unittest import mock

import transaction
from webtest import Upload
from zope.globalrequest import getRequest

from netsight.async_.exceptions import RequestNotRepeatableError
from netsight.async_.records.body import INLINE_BODY_BYTES
from netsight.async_.records.body import SmallBody
from netsight.async_.records.parts import RequestSnapshot
from netsight.async_.records.requests import USUAL_ENVIRON
from netsight.async_.records.requests import input_of
from netsight.async_.records.requests import open_environ
from netsight.async_.records.requests import unusual
from netsight.async_.tests.inputs import Unseekable
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import AsyncTestCase


class FormTests(AsyncTestCase):
    def form(self, params, **kwargs):
        return self.seen_by(
            lambda view: dict(view.request.form), params=params, **kwargs
        )

    def test_text_in_any_script(self):
        form = self.form({"name": "Zoë Пётр 日本 🚀"})
        self.assertEqual(form, {"name": "Zoë Пётр 日本 🚀"})

    def test_a_repeated_field_is_a_list(self):
        self.assertEqual(
            self.form([("a", "1"), ("a", "2")]), {"a": ["1", "2"]}
        )

    def test_converters(self):
        form = self.form(
            [
                ("n:int", "7"),
                ("f:float", "0.5"),
                ("b:boolean", "on"),
                ("l:list", "one"),
                ("t:tokens", "a b"),
                ("t2:tuple:int", "1"),
                ("t2:tuple:int", "2"),
            ]
        )
        self.assertEqual(
            form,
            {
                "n": 7, "f": 0.5, "b": True, "l": ["one"],
                "t": ["a", "b"], "t2": (1, 2),
            },
        )  # fmt: skip

    def test_records(self):
        def read(view):
            form = view.request.form
            return form["one"].a, [(r.a, r.b) for r in form["many"]]

        seen = self.seen_by(
            read,
            params=[
                ("one.a:record:int", "1"),
                ("many.a:records", "x"),
                ("many.b:records", "y"),
                ("many.a:records", "z"),
                ("many.b:records", "w"),
            ],
        )
        self.assertEqual(seen, (1, [("x", "y"), ("z", "w")]))

    def test_several_uploads_small_and_large(self):
        large = bytes(range(256)) * 4096

        def read(view):
            form = view.request.form
            return {
                name: (f.filename, f.headers["Content-Type"], f.read())
                for name, f in form.items()
            }

        seen = self.seen_by(
            read,
            params=[
                ("small", Upload("ä.txt", b"few", "text/plain")),
                ("large", Upload("l.bin", large, "application/x-l")),
            ],
        )
        self.assertEqual(seen["small"], ("ä.txt", "text/plain", b"few"))
        self.assertEqual(seen["large"], ("l.bin", "application/x-l", large))

    def test_the_query_string_of_a_post(self):
        self.job(lambda view, pid: dict(view.request.form))
        seen = []
        self.job(
            lambda view, pid: seen.append(
                (dict(view.request.form), view.request["QUERY_STRING"])
            )
        )
        self.client().start("/job?q=%C3%A4&n:int=1", {"b": "2"})
        self.assertEqual(
            seen, [({"q": "ä", "n": 1, "b": "2"}, "q=%C3%A4&n:int=1")]
        )

    def test_a_body_that_is_no_form(self):
        seen = []
        self.job(lambda view, pid: seen.append(view.request["BODY"]))
        client = self.client()
        client.started(client.post_json("/job", {"a": [1, 2]}))
        self.assertEqual(seen, [b'{"a": [1, 2]}'])


class SurroundingsTests(AsyncTestCase):
    def test_the_method(self):
        self.assertEqual(
            self.seen_by(lambda view: view.request.method), "POST"
        )

    def test_the_global_request(self):
        self.assertTrue(
            self.seen_by(lambda view: getRequest() is view.request)
        )

    def test_accept_language(self):
        seen = self.seen_by(
            lambda view: view.request.getHeader("Accept-Language"),
            headers={"Accept-Language": "de"},
        )
        self.assertEqual(seen, "de")

    def test_the_url_and_path(self):
        seen = self.seen_by(
            lambda view: (view.request["URL"], view.request["PATH_INFO"])
        )
        self.assertEqual(seen, ("http://localhost/job", "/job"))

    def test_the_user_and_his_roles(self):
        def who(view):
            user = view.request["AUTHENTICATED_USER"]
            return user.getUserName(), user.getRoles()

        name, roles = self.seen_by(who, login=EDITOR)
        self.assertEqual(name, "editor")
        self.assertEqual(set(roles), {"Owner", "Authenticated"})

    def test_an_anonymous_visitor_stays_anonymous(self):
        name = self.seen_by(
            lambda view: view.request["AUTHENTICATED_USER"].getUserName()
        )
        self.assertEqual(name, "Anonymous User")

    def test_the_context_is_the_one_of_the_url(self):
        self.app.manage_addFolder("ordner-ä")
        transaction.commit()
        self.base = "/ordner-%C3%A4"
        path = self.seen_by(lambda view: view.context.getPhysicalPath())
        self.assertEqual(path, ("", "ordner-ä"))

    def test_virtual_hosts_in_job_and_redirect(self):
        self.app.manage_addFolder("site")
        transaction.commit()
        self.base = (
            "/VirtualHostBase/https/example.org:443/site/VirtualHostRoot/_vh_x"
        )
        seen = []
        self.job(
            lambda view, pid: seen.append(
                (view.request["URL"], view.context.absolute_url())
            )
        )
        response = self.client().post(self.path("job"))
        self.assertEqual(
            seen, [("https://example.org/x/job", "https://example.org/x")]
        )
        self.assertTrue(
            response.headers["Location"].startswith(
                "https://example.org/x/job/processing?process_id="
            )
        )

    def test_the_at_signs_of_a_view_url_are_kept(self):
        self.job(lambda view, pid: "x")
        response = self.client().post("/@@job")
        self.assertIn("localhost/@@job/processing?", response.location)


class UsualTests(unittest.TestCase):
    """What most requests have is not stored with each."""

    def crossed(self, environ):
        stored = unusual(environ)
        seen = open_environ(RequestSnapshot({"PATH_INFO": "/", **stored}))
        return stored, {name: seen[name] for name in environ}

    def test_it_is_seen_without_being_stored(self):
        environ = {**USUAL_ENVIRON}
        self.assertEqual(self.crossed(environ), ({}, environ))

    def test_all_else_is_stored(self):
        environ = dict.fromkeys(USUAL_ENVIRON, "other")
        self.assertEqual(self.crossed(environ), (environ, environ))


class CrossingTests(AsyncTestCase):
    """The tables of netsight.async_.records.requests."""

    def environ(self, headers, **kwargs):
        return self.seen_by(
            lambda view: dict(view.request.environ), headers=headers, **kwargs
        )

    def test_the_usual_headers_cross(self):
        environ = self.environ(
            {"User-Agent": "browser", "Accept": "text/html"}
        )
        self.assertEqual(environ["HTTP_USER_AGENT"], "browser")
        self.assertEqual(environ["HTTP_ACCEPT"], "text/html")

    def test_those_of_the_setting_cross_and_no_others(self):
        setting = {"NETSIGHT_ASYNC_HEADERS": "X-Tenant, x-shop"}
        sent = {"X-Tenant": "a", "X-Shop": "b", "X-Other": "c"}
        with mock.patch.dict("os.environ", setting):
            environ = self.environ(sent)
        self.assertEqual(environ["HTTP_X_TENANT"], "a")
        self.assertEqual(environ["HTTP_X_SHOP"], "b")
        self.assertNotIn("HTTP_X_OTHER", environ)

    def test_conditions_and_ranges_do_not_cross(self):
        environ = self.environ(
            {"If-None-Match": "x", "If-Modified-Since": "y", "Range": "z"}
        )
        self.assertNotIn("HTTP_IF_NONE_MATCH", environ)
        self.assertNotIn("HTTP_IF_MODIFIED_SINCE", environ)
        self.assertNotIn("HTTP_RANGE", environ)

    def test_credentials_do_not_cross(self):
        environ = self.environ(
            {
                "X-Auth-Token": "s3cret",
                "X-Api-Key": "s3cret",
                "X-Forwarded-User": "s3cret",
                "X-Forwarded-Email": "s3cret",
                "X-Amzn-Oidc-Data": "s3cret",
                "X-Ms-Client-Principal": "s3cret",
                "X-Saml-Assertion": "s3cret",
                "X-Otp": "s3cret",
                "DPoP": "s3cret",
                "Signature": "s3cret",
                "Proxy-Authorization": "s3cret",
                "Cookie": "__ac=s3cret; I18N_LANGUAGE=de; other=s3cret",
            },
            login=EDITOR,
        )
        self.assertNotIn("s3cret", repr(environ))

    def test_the_cookies_of_the_setting_cross(self):
        cookies = self.seen_by(
            lambda view: dict(view.request.cookies),
            headers={"Cookie": 'a=1; I18N_LANGUAGE="de"; b=2'},
        )
        self.assertEqual(cookies, {"I18N_LANGUAGE": "de"})

    def test_a_form_with_login_fields_is_refused(self):
        for name in ("__ac_name", "__ac_password", "__ac"):
            with self.subTest(name):
                response = self.client().post("/job", {name: "x"}, status=400)
                self.assertIn("Log in first", response)
                query = f"/job?{name}=x"
                response = self.client().post(query, status=400)
                self.assertIn("Log in first", response)
        self.assertEqual(self.processes(), [])


class SnapshotTests(unittest.TestCase):
    """Without Zope."""

    def test_the_path_is_encoded_as_a_wsgi_server_does(self):
        environ = open_environ(RequestSnapshot({"PATH_INFO": "/täst"}))
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8")
        self.assertEqual(path, "/täst")

    def test_without_a_body_the_input_is_empty(self):
        environ = open_environ(RequestSnapshot({}))
        self.assertEqual(environ["CONTENT_LENGTH"], "0")
        self.assertEqual(environ["wsgi.input"].read(), b"")

    def test_a_body_is_the_input_and_its_size_the_length(self):
        environ = open_environ(RequestSnapshot({}, SmallBody(b"abc")))
        self.assertEqual(environ["CONTENT_LENGTH"], "3")
        self.assertEqual(environ["wsgi.input"].read(), b"abc")

    def test_transforms_are_off_and_errors_come_out(self):
        environ = open_environ(RequestSnapshot({}))
        self.assertTrue(environ["plone.transformchain.disable"])
        self.assertTrue(environ["x-wsgiorg.throw_errors"])


class UnrepeatableTests(AsyncTestCase):
    def test_a_body_that_can_be_read_once_is_refused_clearly(self):
        request = SimpleNamespace(stdin=Unseekable(b"read"))
        with (
            self.assertRaisesRegex(RequestNotRepeatableError, "read twice"),
            input_of(request),
        ):
            self.fail("it was opened")

    def test_a_view_that_is_not_the_published_one_does_not_start(self):
        with self.assertRaisesRegex(RequestNotRepeatableError, "published"):
            self.client().post("/calls-job")


class BodyTests(AsyncTestCase):
    def test_a_large_body_is_stored_in_a_blob(self):
        size = INLINE_BODY_BYTES + 1
        seen = []

        def look(view, process_id):
            process = self.process_in_job(view, process_id)
            seen.append(process.request.body)
            seen.append((process.request.body.size, process.request.body.data))
            seen.append(process.request.body.blob is not None)
            return "x"

        self.job(look)
        client = self.client()
        client.started(
            client.post("/job", b"x" * size, content_type="text/plain")
        )
        self.assertEqual(seen[1:], [(size, b""), True])

    def process_in_job(self, view, process_id):
        return view.request.async_run.process()

    def test_the_request_is_dropped_when_the_job_ends(self):
        _client, process_id = self.run_job(
            lambda view, pid: "x", params={"secret": "for once"}
        )
        self.assertIsNone(self.process(process_id).request)
