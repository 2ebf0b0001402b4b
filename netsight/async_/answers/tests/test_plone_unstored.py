"""The same in a Plone site, which has an exception view of its own."""

from netsight.async_.answers.tests.unstored_support import NOT_STORED
from netsight.async_.answers.tests.unstored_support import OtherErrorsMixin
from netsight.async_.answers.tests.unstored_support import UnstoredMixin
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.support import text_of


class UnstoredTests(UnstoredMixin, PloneTestCase):
    # This site has one language.
    german = NOT_STORED

    def test_the_page_is_in_the_frame_of_the_site(self):
        response, _logged = self.start_in_vain(OSError("full"))
        self.assertIn("Plone site", text_of(response))
        self.assertIn('role="alert"', response)


class OtherErrorsTests(OtherErrorsMixin, PloneTestCase):
    def check_status(self, response, status):
        # Plone leads to its login form.
        self.assertEqual(response.status_int, 302 if status == 401 else status)

    def test_an_error_of_the_view_comes_out(self):
        for where in ("run_process", "__call__"):
            response = self.answer(OSError("of the view"), where)
            self.assertEqual(response.status_int, 500)
            self.assertNotIn(NOT_STORED, response)
