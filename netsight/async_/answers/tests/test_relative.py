"""Relative addresses in results lead where they would have led."""

import transaction
from zExceptions import Redirect

from netsight.async_.answers.relative import needs_base
from netsight.async_.answers.relative import with_base
from netsight.async_.tests.support import AsyncTestCase


PAGE = "<html><head><title>t</title></head><body>%s</body></html>"


class RedirectTests(AsyncTestCase):
    base = "/folder"

    def setUp(self):
        super().setUp()
        self.app.manage_addFolder("folder")
        transaction.commit()

    def location(self, target, view="job"):
        def work(view, process_id):
            view.request.response.redirect(target)

        return self.result_of(work, 302, view).location

    def test_it_leads_where_it_would_have_led(self):
        for target, url in (
            ("@@x", "/folder/@@x"),
            ("../y", "/y"),
            ("?a=b", "/folder/job?a=b"),
            ("./", "/folder/"),
            ("sub/z#part", "/folder/sub/z#part"),
        ):
            with self.subTest(target):
                self.assertEqual(
                    self.location(target), f"http://localhost{url}"
                )

    def test_one_that_is_raised(self):
        def work(view, process_id):
            raise Redirect("@@x")

        result = self.result_of(work, 302)
        self.assertEqual(result.location, "http://localhost/folder/@@x")

    def test_of_a_view_that_was_called_with_a_slash(self):
        self.assertEqual(
            self.location("@@x", "job/"), "http://localhost/folder/job/@@x"
        )

    def test_absolute_ones_stay(self):
        for target in ("http://other.example/x", "/x", "//other.example/x"):
            with self.subTest(target):
                self.job(
                    lambda view, pid, target=target: (
                        view.request.response.redirect(target)
                    )
                )
                process_id = self.client().start("/folder/job")
                headers = dict(self.process(process_id).response.headers)
                self.assertEqual(headers["Location"], target)
                self.assertNotIn(":address", headers)

    def test_by_the_host_of_who_looks(self):
        def work(view, process_id):
            view.request.response.redirect("@@x")

        self.job(work)
        process_id = self.client().start(
            "/VirtualHostBase/http/a.example:80/VirtualHostRoot/folder/job"
        )
        host = (
            "/VirtualHostBase/https/b.example:443/folder"
            "/VirtualHostRoot/_vh_sub"
        )
        client = self.client()
        result = client.see(f"{host}/job", "result", process_id, 302)
        self.assertEqual(result.location, "https://b.example/sub/@@x")
        result = client.see(
            f"{host}/@@async-process", "result", process_id, 302
        ).location
        self.assertTrue(result.startswith("https://b.example/sub/job/"))

    def test_what_is_stored_for_it_is_not_sent(self):
        def work(view, process_id):
            view.request.response.redirect("@@x")

        result = self.result_of(work, 302)
        self.assertNotIn(":address", result.headers)


class PageTests(AsyncTestCase):
    """Pages with relative links get a base element."""

    def shown(self, body, page=PAGE):
        def work(view, process_id):
            view.request.response.setHeader("Content-Type", "text/html")
            return page % body

        return self.result_of(work)

    def test_a_relative_link(self):
        result = self.shown('<a href="@@x">x</a>')
        self.assertIn('<head><base href="http://localhost/job" />', result)
        length = int(result.headers["Content-Length"])
        self.assertEqual(length, len(result.body))

    def test_links_to_parts_of_the_page_stay_there(self):
        result = self.shown('<a href="#part">x</a><img src="y.png">')
        url = result.request.url
        self.assertIn(f'<a href="{url}#part">', result)

    def test_a_page_without_relative_links_is_as_it_was(self):
        for body in (
            '<a href="/x">x</a>',
            '<a href="http://localhost/x">x</a>',
            '<a href="#part">x</a><form action="" method="post"></form>',
            '<a href="mailto:a@b.example">x</a>',
        ):
            with self.subTest(body):
                self.assertEqual(self.shown(body).text, PAGE % body)

    def test_a_base_of_its_own_stays(self):
        body = '<a href="x">x</a>'
        page = PAGE.replace("<title>", '<base href="/elsewhere/"><title>')
        self.assertEqual(self.shown(body, page).text, page % body)

    def test_without_a_head(self):
        doctype = "<!DOCTYPE html>"
        for before in (f"{doctype}<html lang='en'>", doctype, ""):
            page = f"{before}%s"
            result = self.shown('<a href="x">x</a>', page)
            self.assertTrue(result.text.startswith(f"{before}<base "))

    def test_other_types_are_as_they_were(self):
        def work(view, process_id):
            view.request.response.setHeader("Content-Type", "text/xml")
            return "<a href='x' />"

        self.assertEqual(self.result_of(work).text, "<a href='x' />")


class BaseTests(AsyncTestCase):
    def test_addresses_are_escaped(self):
        page = with_base(b'<a href="#x">', 'http://x/"<', 'http://x/?a&"')
        self.assertEqual(
            page,
            b'<base href="http://x/&quot;&lt;" />'
            b'<a href="http://x/?a&amp;&quot;#x">',
        )

    def test_a_long_page_is_looked_through_once(self):
        self.assertFalse(needs_base(b"<a " * 1_000_000))
        self.assertFalse(needs_base(b" href" + b" " * 1_000_000))
