"""The site behind a proxy that forbids what stands inline."""

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
