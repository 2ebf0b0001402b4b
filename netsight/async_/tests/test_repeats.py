"""No page of the documentation says what another one says, in its words."""

import re
import unittest

from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import PAGES
from netsight.async_.tests.documents import ROOT


WORDS = 12
"""So many in a row are no chance."""

WORD = re.compile(r"[\w@./-]*\w")


def prose(text):
    """Yield the paragraphs of a page, without code and what it prints."""
    code_indent = None
    for paragraph in re.split(r"\n[ \t]*\n", text):
        indent = len(paragraph) - len(paragraph.lstrip())
        if code_indent is not None and indent > code_indent:
            continue
        code_indent = None
        if paragraph.lstrip().startswith((".. ", ">>> ")):
            code_indent = indent
            continue
        if paragraph.endswith("::"):
            code_indent = indent
        yield paragraph


def runs(text):
    """Return the set of all WORDS words that stand in a row in a page."""
    found = set()
    for paragraph in prose(text):
        words = WORD.findall(paragraph.lower())
        for end in range(WORDS, len(words) + 1):
            found.add(" ".join(words[end - WORDS : end]))
    return found


def repeats(pages):
    """Yield (words, page, page) of what stands in two of {name: text}."""
    first = {}
    for name, text in pages.items():
        for words in sorted(runs(text)):
            if first.setdefault(words, name) != name:
                yield words, first[words], name


class RepeatsTests(unittest.TestCase):
    def test_words_that_stand_on_two_pages_are_found(self):
        row = "one two three four five six seven eight nine ten eleven twelve"
        pages = {"a": f"Zero {row}.", "b": f"{row.upper()}\n", "c": row[:-7]}
        self.assertEqual(list(repeats(pages)), [(row, "a", "b")])

    def test_code_may_stand_on_two_pages(self):
        row = " ".join("abcdefghijklmnop")
        page = f"Run::\n\n    {row}\n\n.. code-block:: python\n\n    {row}\n"
        self.assertEqual(list(repeats({"a": page, "b": page})), [])

    @unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
    def test_no_page_says_the_same_as_another(self):
        pages = {
            str(page.relative_to(ROOT)): page.read_text("utf-8")
            for page in PAGES
        }
        self.assertEqual(list(repeats(pages)), [])
