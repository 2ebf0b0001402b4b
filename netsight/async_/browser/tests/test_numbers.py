"""Numbers in the languages of the catalogs."""

from zope.publisher.browser import TestRequest

from netsight.async_.browser.numbers import decimal
from netsight.async_.browser.numbers import percent
from netsight.async_.tests.support import AsyncTestCase


PERCENTS = {
    "de": "55,4\xa0%",
    "en": "55.4%",
    "es": "55,4\xa0%",
    "fr": "55,4\xa0%",
    "it": "55,4%",
    "nl": "55,4%",
    "pt-BR": "55,4%",
}
"""How each writes a percentage; browsers do it likewise."""


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
