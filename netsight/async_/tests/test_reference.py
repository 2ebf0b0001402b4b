"""Nothing that others may use is missing from docs/reference.

Settings, events, errors, and attributes of views and processes are compared
in `test_documentation`.
"""

import inspect
import json
import re
import unittest
from pathlib import Path
from xml.etree import ElementTree

import netsight.async_
from netsight.async_ import actions
from netsight.async_ import queries
from netsight.async_.browser.health import METRICS
from netsight.async_.tests.documents import DOCS
from netsight.async_.tests.documents import IS_CHECKOUT


PACKAGE = Path(netsight.async_.__file__).parent
REFERENCE = DOCS / "reference"

ZOPE_NAMES = {
    "index.html", "manage_catalogReindex", "manage_reindexIndex",
    "manage_workspace", "netsight.async.ManageContentRules",
    "netsight.async.ManageZCatalogEntries", "plone.htmlhead.title",
}  # fmt: skip
"""Names of pages, viewlets and permissions that are Zope's and Plone's."""

EXAMPLE_KEYS = {"month", "titles"}
"""What the service of the examples on the page answers."""

NAMED = {
    "directory", "page", "permission", "registerProfile",
    "resourceDirectory", "service", "utility", "view", "viewlet",
}  # fmt: skip
"""Elements of ZCML that register something under a name, or an id."""

HEADER = re.compile(r'(?:set|get|append|add)Header\(\s*"([\w-]+)"')

OF_EACH_RESPONSE = {"Content-Type"}


def is_public(path):
    """Whether a file of the package is neither of tests nor an example."""
    return not {"tests", "examples"} & set(path.relative_to(PACKAGE).parts)


def product(pattern):
    """Return the files of the product that match a pattern."""
    return [path for path in PACKAGE.rglob(pattern) if is_public(path)]


def registered():
    """Return the names that the ZCML of the product registers."""
    names = set()
    for path in product("*.zcml"):
        for element in ElementTree.parse(path).iter():
            if element.tag.rpartition("}")[2] in NAMED:
                name = element.get("name") or element.get("id")
                names.add(name or element.get("title"))
    return names - {None}


def keys_in(value):
    """Yield the keys of all objects in what was JSON."""
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from keys_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from keys_in(each)


def keys_answered():
    """Return the keys of the JSON in the exchanges that a test repeats."""
    keys = set()
    for path in REFERENCE.rglob("*.resp"):
        body = path.read_text("utf-8").partition("\n\n")[2]
        if body.strip():
            keys.update(keys_in(json.loads(body)))
    return keys


def headers_used():
    """Return the headers that the product asks for, or sets."""
    headers = set()
    for path in product("*.py"):
        headers.update(HEADER.findall(path.read_text("utf-8")))
    return headers


def public_of(module):
    """Yield (name, function or class) of what a module defines for others."""
    for name, value in vars(module).items():
        is_ours = getattr(value, "__module__", None) == module.__name__
        if is_ours and not name.startswith("_") and callable(value):
            yield name, value


def signature_of(function):
    """Return the signature of a function as text, without hints."""
    signature = inspect.signature(function)
    plain = [
        each.replace(annotation=each.empty)
        for each in signature.parameters.values()
    ]
    return str(inspect.Signature(plain)).replace("'", '"')


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class ReferenceTests(unittest.TestCase):
    def setUp(self):
        pages = DOCS.rglob("*.rst")
        self.text = "".join(page.read_text("utf-8") for page in pages)

    def assert_named(self, names, least):
        """Each name stands somewhere in the reference as code."""
        self.assertGreaterEqual(len(names), least)
        missing = [
            name
            for name in sorted(names)
            if not re.search(rf"``[^`]*{re.escape(name)}[^`]*``", self.text)
        ]
        self.assertEqual(missing, [])

    def test_each_name_that_is_registered(self):
        self.assert_named(registered() - ZOPE_NAMES, 15)

    def test_each_key_that_programs_are_sent(self):
        self.assert_named(keys_answered() - EXAMPLE_KEYS, 30)

    def test_each_number_for_monitoring(self):
        self.assert_named(METRICS, 5)

    def test_each_header(self):
        self.assert_named(headers_used() - OF_EACH_RESPONSE, 8)

    def test_each_function_for_scripts(self):
        text = (REFERENCE / "managing.rst").read_text("utf-8")
        for module in (queries, actions):
            for name, value in public_of(module):
                with self.subTest(name):
                    self.assertIn(name, text)
                    if inspect.isfunction(value):
                        head = f"py:function:: {name}{signature_of(value)}\n"
                        self.assertIn(head, text)
