"""Pages of a process whose context may be gone."""

import re

import transaction

from netsight.async_.browser.tests.lasting_support import LASTING
from netsight.async_.browser.tests.lasting_support import LastingTestCase
from netsight.async_.browser.tests.lasting_support import headers_of
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import READER


SUBVIEWS = ("processing", "completed", "result", "process-status")


class ContextIsThereTests(LastingTestCase):
    """Then it leads to the pages of the view."""

    def test_the_waiting_page_is_that_of_the_view(self):
        process_id = self.queued(view="own-method-job")
        page = self.see("processing", process_id, 302)
        self.assertIn("/folder/own-method-job/processing?", page.location)
        self.assertEqual(
            self.client(EDITOR).get(page.location).text, "wait for it"
        )

    def test_the_result_is_that_of_the_view(self):
        process_id = self.done()
        page = self.see("result", process_id, 302)
        self.assertEqual(
            page.location,
            f"http://localhost/folder/job/result?process_id={process_id}",
        )

    def test_without_more_it_is_the_waiting_page(self):
        process_id = self.queued()
        url = f"{LASTING}?process_id={process_id}"
        page = self.client(EDITOR).get(url, status=302)
        self.assertIn("/cancellable-job/processing?", page.location)

    def test_what_scripts_ask_is_answered_at_once(self):
        process_id = self.done()
        status = self.see("process-status", process_id).json
        self.assertEqual(status["state"], "completed")
        for subview in ("completed", "result"):
            self.see(subview, process_id, output_json="1")

    def test_programs_get_the_result_at_once(self):
        process_id = self.done()
        url = f"{LASTING}/result?process_id={process_id}"
        for accept in ("application/json", "*/*", "image/png"):
            with self.subTest(accept):
                headers = {"Accept": accept}
                result = self.client(EDITOR).get(url, headers=headers)
                self.assertEqual(result.text, "x")

    def test_a_view_for_managers_is_for_managers(self):
        self.app.folder.manage_permission("View", ["Manager"])
        transaction.commit()
        process_id = self.done(MANAGER)
        self.see("processing", process_id, 404)
        self.see("processing", process_id, 302, MANAGER)

    def test_who_is_locked_out_has_the_result(self):
        process_id = self.done()
        self.app.folder.manage_permission("View", ["Manager"])
        transaction.commit()
        self.assertEqual(self.see("result", process_id).text, "x")

    def test_the_page_of_a_failed_one_leads_back_to_the_form(self):
        self.job(lambda view, process_id: 1 / 0)
        process_id = self.client(EDITOR).start(self.path("job"))
        for subview, status in (("processing", 200), ("result", 500)):
            page = self.see(subview, process_id, status)
            link = page.html.find("a", string="Back to the form")
            self.assertEqual(link["href"], "http://localhost/folder/job")


class ContextIsGoneTests(LastingTestCase):
    """Then it has the pages itself."""

    def test_the_waiting_page(self):
        process_id = self.queued()
        self.delete()
        page = self.see("processing", process_id)
        self.assertIn("Processing...", page)
        self.assertIn('href="http://localhost"', page)

    def test_the_waiting_page_goes_on_to_the_result(self):
        process_id = self.done()
        self.delete()
        page = self.see("processing", process_id, 302)
        self.assertEqual(self.client(EDITOR).get(page.location).text, "x")

    def test_a_result_that_is_not_there_yet(self):
        process_id = self.queued()
        self.delete()
        self.assertIn("Processing...", self.see("result", process_id, 202))

    def test_a_redirect_of_the_process(self):
        def work(view, process_id):
            view.request.response.redirect("http://localhost/elsewhere")

        _client, process_id = self.run_job(work)
        self.delete()
        result = self.see("result", process_id, 302, None)
        self.assertEqual(result.location, "http://localhost/elsewhere")

    def test_a_failed_one_tells_so(self):
        self.job(lambda view, process_id: 1 / 0)
        process_id = self.client(EDITOR).start(self.path("job"))
        self.delete()
        page = self.see("processing", process_id)
        self.assertIn("Failed", page)
        self.assertNotIn("Back to the form", page)

    def test_a_form_cancels(self):
        process_id = self.queued()
        self.delete()
        page = self.see("processing", process_id)
        page.form.submit()
        self.assertEqual(self.process(process_id).state, "cancelled")

    def test_a_namesake_that_is_acquired_is_not_the_context(self):
        self.app.folder.manage_addFolder("b")
        self.app.manage_addFolder("b")
        transaction.commit()
        self.base = "/folder/b"
        process_id = self.done()
        self.app.folder.manage_delObjects(["b"])
        transaction.commit()
        self.assertEqual(self.see("result", process_id).text, "x")

    def test_a_form_without_an_action_is_told_so(self):
        process_id = self.done()
        self.delete()
        url = f"{LASTING}/result?process_id={process_id}"
        page = self.client(EDITOR).post(url, status=404)
        self.assertIn("is not there any more", page)


class WaitingTests(LastingTestCase):
    """The page that waits at the view asks and goes on here."""

    def test_by_script_and_by_refresh(self):
        process_id = self.queued()
        page = self.client(EDITOR).see(
            self.path("cancellable-job"), "processing", process_id
        )
        self.delete()
        for pattern in (
            r'data-status-url="([^"]+)"',
            r'http-equiv="refresh" content="5; url=([^"]+)"',
            r'href="([^"]+)"[^>]*>Check again',
        ):
            url = re.search(pattern, page.text)[1]
            self.client(EDITOR).get(url, status=200)

    def test_the_links_in_json_too(self):
        process_id = self.done()
        url = f"/folder/job/process-status?process_id={process_id}"
        links = self.client(EDITOR).get(url).json["links"]
        self.delete()
        result = self.client(EDITOR).get(links["result"])
        self.assertEqual(result.text, "x")


class OthersTests(LastingTestCase):
    """Whoever may not see a process gets the answer of an unknown id."""

    def refused(self, process_id, login):
        for subview in SUBVIEWS:
            for form in ({}, {"output_json": "1"}):
                answer = self.see(subview, process_id, 404, login, **form)
                unknown = self.see(subview, self.other(), 404, login, **form)
                self.assertEqual(answer.text, unknown.text)
                self.assertEqual(headers_of(answer), headers_of(unknown))

    def other(self):
        return "01912345-0000-7000-8000-000000000000"

    def test_other_users(self):
        process_id = self.done()
        for login in (READER, None):
            with self.subTest(login):
                self.refused(process_id, login)

    def test_other_users_of_what_is_gone(self):
        process_id = self.done()
        self.delete()
        for login in (READER, None):
            with self.subTest(login):
                self.refused(process_id, login)

    def test_managers_see_it(self):
        process_id = self.done()
        self.delete()
        self.assertEqual(
            self.see("result", process_id, 200, MANAGER).text, "x"
        )

    def test_managers_need_the_permission_of_the_view(self):
        self.app.folder.manage_permission("View management screens", ["Owner"])
        transaction.commit()
        process_id = self.done(view="manager-job")
        self.refused(process_id, MANAGER)

    def test_a_manager_of_another_folder_is_nobody_here(self):
        self.app.manage_addFolder("other")
        self.app.other.manage_setLocalRoles(READER[0], ["Manager"])
        transaction.commit()
        process_id = self.done()
        client = self.client(READER)
        client.see(f"/other{LASTING}", "result", process_id, 404)

    def test_of_an_anonymous_process_the_id_is_the_key(self):
        process_id = self.done(None)
        self.delete()
        self.assertEqual(self.see("result", process_id, 200, None).text, "x")

    def test_an_odd_id_is_refused(self):
        for odd in ("", "x" * 100, "a\nb"):
            self.see("processing", odd, 400)

    def test_a_post_starts_nothing(self):
        self.client(MANAGER).post(LASTING, status=400)
        self.assertEqual(self.processes(), [])


class AddressTests(LastingTestCase):
    def test_a_view_has_the_same_address_with_and_without_a_namespace(self):
        for name in ("job", "@@job", "++view++job"):
            process_id = self.queued(view=name)
            page = self.client(EDITOR).see(
                "/folder/job", "processing", process_id
            )
            self.assertIn("Processing...", page)

    def test_in_a_virtual_host(self):
        process_id = self.queued()
        host = "/VirtualHostBase/https/www.example.org:443/folder"
        page = self.client(EDITOR).see(
            f"{host}/VirtualHostRoot/_vh_sub/cancellable-job",
            "processing",
            process_id,
        )
        url = f"https://www.example.org/sub{LASTING}/process-status"
        self.assertIn(f'data-status-url="{url}?', page)
        status = self.client(EDITOR).see(
            f"{host}/VirtualHostRoot/_vh_sub{LASTING}",
            "process-status",
            process_id,
        )
        self.assertEqual(status.json["id"], process_id)
