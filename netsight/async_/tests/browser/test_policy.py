"""Behind a proxy that sends `Content-Security-Policy: default-src 'self'`."""

from playwright.sync_api import expect

from netsight.async_.tests.browser.policy_support import PolicyTestCase


class PolicyTests(PolicyTestCase):
    def see_all_pages(self, base, check):
        """Go through waiting, completed and failed pages."""
        steps = self.start(base=base)
        steps.show(42)
        expect(self.part("percentage")).to_contain_text("42%")
        check()
        with self.page.expect_download():
            steps.download("a,b\n")
        expect(self.part("result")).to_be_visible()
        check()
        self.start(base=base).fail("no such town")
        self.ended("Failed")
        check()
        self.page.goto(f"{base}/async-example-fibonacci")
        self.page.locator("[name=n]").fill("10")
        self.page.locator("form:has([name=n]) button").click()
        self.page.wait_for_url("**/result?process_id=*")
        check()

    def test_without_a_theme_there_is_no_error_at_all(self):
        self.see_all_pages(self.proxy.url, self.check_all)

    def test_in_a_site_there_is_none_of_ours(self):
        self.see_all_pages(f"{self.proxy.url}/Plone", self.check_ours)

    def test_the_policy_is_at_work(self):
        self.page.goto(f"{self.proxy.url}/steps")
        self.page.evaluate(
            "() => { const script = document.createElement('script');"
            "script.textContent = 'window.ran = true';"
            "document.body.append(script); }"
        )
        self.assertIsNone(self.page.evaluate("window.ran"))
        self.assertEqual(len(self.violations(of_ours=False)), 1)
