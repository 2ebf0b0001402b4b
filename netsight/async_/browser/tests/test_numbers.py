"""Numbers in the languages of the catalogs."""

from zope.publisher.browser import TestRequest

from netsight.async_.browser.numbers import decimal
from netsight.async_.browser.numbers import percent
from netsight.async_.browser.tests.numbers_support import PERCENTS
from netsight.async_.tests.support import AsyncTestCase


class NumbersTests(AsyncTestCase):
    def test_percentages(self):
        for language, text in PERCENTS.items():
            request = TestRequest(HTTP_ACCEPT_LANGUAGE=language.lower())
            with self.subTest(language):
                self.assertEqual(percent(55.4, request), text)

    def test_tenths_are_there_if_there_are_any(self):
        request = TestRequest(HTTP_ACCEPT_LANGUAGE="de")
        texts = [decimal(number, request) for number in (0, 33.0, 99.9, 100)]
        self.assertEqual(texts, ["0", "33", "99,9", "100"])
