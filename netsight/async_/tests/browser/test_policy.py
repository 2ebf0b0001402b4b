"""Behind a proxy that sends `Content-Security-Policy: default-src 'self'`."""

from playwright.sync_api import expect

from netsight.async_.tests.browser.plone_server import HeaderProxy
from netsight.async_.tests.browser.support import BrowserTestCase


POLICY = {"Content-Security-Policy": "default-src 'self'"}

RECORD_VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      const { target, sourceFile, blockedURI, violatedDirective } = event;
      const element = target instanceof Element ? target : null;
      window.violations.push({
        isOurs: Boolean(element?.closest("[class*='netsight-async']"))
          || [sourceFile, blockedURI].some(
            (url) => url.includes("netsight.async")),
        text: `${violatedDirective} ${blockedURI} ${sourceFile}`
          + ` ${element?.outerHTML.slice(0, 200)}`,
      });
    });
"""


class PolicyTestCase(BrowserTestCase):
    """The site behind `self.proxy`; errors and violations are kept."""

    def setUp(self):
        super().setUp()
        self.proxy = HeaderProxy(self.server.port, POLICY)
        self.addCleanup(self.proxy.stop)
        self.errors = []
        self.page.add_init_script(RECORD_VIOLATIONS)
        self.page.on("console", self.note_console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def note_console(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def violations(self, of_ours=True):
        return [
            each["text"]
            for each in self.page.evaluate("window.violations")
            if each["isOurs"] or not of_ours
        ]

    def check_all(self):
        """Fail for any error."""
        self.assertEqual(self.errors, [])
        self.assertEqual(self.violations(of_ours=False), [])

    def check_ours(self):
        """Fail for an error of ours.

        Pages of Plone and of the ZMI have inline scripts and styles.
        """
        self.assertEqual(self.violations(), [])
        ours = [each for each in self.errors if "netsight.async." in each]
        self.assertEqual(ours, [])


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
