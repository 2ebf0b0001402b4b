"""The walls of the package: who may import whom, read from the source.

Nothing is imported for it but this module, so that it is quick:
`python -m unittest netsight.async_.tests.test_walls`.
"""

import ast
import unittest
from functools import cache
from importlib.util import resolve_name
from pathlib import Path


PACKAGE = Path(__file__).resolve().parents[1]
CHECKOUT = PACKAGE.parents[1]
TOOLS = CHECKOUT / "tools"
"""Part of the source distribution, but not installed."""

BASE = (
    *("interfaces", "exceptions", "events", "config", "i18n", "forks"),
    *("layer", "context"),
)
WORK = (*BASE, "records", "running", "executors")
TOLD = (*WORK, "answers", "queries", "actions", "bulk")

MAY_IMPORT = {
    # The base, which knows nobody.
    "interfaces": (),
    "exceptions": (),
    "i18n": (),
    "forks": (),
    "layer": (),
    "context": (),
    "events": ("interfaces",),
    "config": ("exceptions", "interfaces"),
    # What is stored, who runs it, and what is told of it.
    "records": BASE,
    "running": (*BASE, "records"),
    "executors": (*BASE, "records", "running"),
    "serving": WORK,
    "answers": WORK,
    # For add-ons.
    "queries": (*BASE, "records"),
    "actions": (*WORK, "queries"),
    "bulk": (*WORK, "queries", "actions"),
    "registry": ("records",),
    "__init__": (),
    "testing": ("__init__", "interfaces", "executors"),
    # For people, and for programs.
    "browser": TOLD,
    "browser.lists": (*TOLD, "browser"),
    "mail": TOLD,
    "rest": (*TOLD, "browser"),
    "background": ("__init__", *TOLD, "browser", "browser.lists", "rest"),
    "examples": ("__init__", "i18n", "browser"),
}
"""By the name of a folder or of a module at the root.

Each names only what stands above it, so that there is no circle.
"""

REEXPORTS = ("netsight.async_", "netsight.async_.rest")
"""Packages that documented names are imported from."""

ONLY_TYPES = "TYPE_CHECKING"
"""The test of a block that is never run."""

PUBLISHERS = {"publish", "publish_module"}
"""Of ZPublisher.WSGIPublisher."""


def nodes_of(tree):
    """Yield the nodes below one, but for what only checkers of types read."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == ONLY_TYPES:
            continue
        yield node
        yield from nodes_of(node)


class Module:
    """One file, by its dotted name and its text."""

    def __init__(self, name, text, is_package=False):
        self.name = name
        self.is_package = is_package
        self.tree = ast.parse(text)
        self.imports = list(self._imports())
        """The dotted names of all that is imported, also in functions."""

    @classmethod
    def of(cls, path):
        parts = path.relative_to(CHECKOUT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        return cls(name, path.read_text(encoding="utf-8"), is_package)

    @property
    def is_test(self):
        """Whether it is below a folder of tests."""
        return "tests" in self.name.split(".")

    def _imports(self):
        package = self.name
        if not self.is_package:
            package = self.name.rpartition(".")[0]
        for node in nodes_of(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                name = "." * node.level + (node.module or "")
                source = resolve_name(name, package)
                yield from (f"{source}.{alias.name}" for alias in node.names)


@cache
def modules(folder):
    """Return the Modules below a folder."""
    return [Module.of(path) for path in sorted(folder.rglob("*.py"))]


def product():
    return [each for each in modules(PACKAGE) if not each.is_test]


def place_of(name):
    """Return the key in MAY_IMPORT for what is imported, or None.

    A name that is no folder and no module is one of `netsight.async_` itself.
    """
    parts = name.split(".")
    if parts[:2] != ["netsight", "async_"]:
        return None
    folder = ".".join(parts[2:4])
    for place in (folder, *parts[2:3]):
        if place in MAY_IMPORT or place == "tests":
            return place
    return "__init__"


def wrong_ways(module):
    """Yield what a module of the product must not import."""
    place = place_of(module.name)
    allowed = (None, place, *MAY_IMPORT[place])
    for name in module.imports:
        if place_of(name) not in allowed or "tests" in name.split("."):
            yield f"{module.name} must not import {name}"


def imported_tests(module):
    """Yield what a module imports of the modules that have tests."""
    for name in module.imports:
        if name.startswith("netsight.") and ".test_" in name:
            yield f"{module.name} must not import {name}"


def has_only_a_docstring(module):
    """Whether a module is one string."""
    body = module.tree.body
    return len(body) == 1 and ast.get_docstring(module.tree) is not None


def publishes(module):
    """Whether a module imports what publishes a request."""
    return any(
        name.rpartition(".")[0] == "ZPublisher.WSGIPublisher"
        and name.rpartition(".")[2] in PUBLISHERS
        for name in module.imports
    )


class WallTests(unittest.TestCase):
    def test_imports_of_the_product_run_one_way(self):
        wrong = [text for each in product() for text in wrong_ways(each)]
        self.assertEqual(wrong, [])

    def test_each_place_has_its_imports_declared(self):
        places = {
            path.name.removesuffix(".py")
            for path in PACKAGE.iterdir()
            if path.suffix == ".py" or (path / "__init__.py").exists()
        }
        declared = set(MAY_IMPORT) - {"browser.lists"}
        self.assertEqual(places - {"tests"}, declared)

    def test_the_order_has_no_circle(self):
        above = []
        for place, allowed in MAY_IMPORT.items():
            self.assertLessEqual(set(allowed), set(above), place)
            above.append(place)

    def test_a_package_is_a_docstring_and_nothing_else(self):
        wrong = [
            each.name
            for each in modules(PACKAGE)
            if each.is_package and not has_only_a_docstring(each)
        ]
        self.assertEqual(wrong, list(REEXPORTS))

    def test_nobody_imports_a_module_of_tests(self):
        tools = modules(TOOLS) if (TOOLS / "checkout.py").exists() else []
        wrong = [
            text
            for each in (*modules(PACKAGE), *tools)
            for text in imported_tests(each)
        ]
        self.assertEqual(wrong, [])

    def test_one_module_calls_the_publisher(self):
        found = [each.name for each in product() if publishes(each)]
        self.assertEqual(found, ["netsight.async_.running.publishing"])


class BrokenWallTests(unittest.TestCase):
    """That what breaks a wall is found."""

    def wrong(self, text, name="netsight.async_.records.body"):
        return list(wrong_ways(Module(name, text)))

    def test_an_import_against_the_order(self):
        for text in (
            "import netsight.async_.running.runner",
            "from netsight.async_.running import runner",
            "from netsight.async_.running.runner import run",
            "from netsight.async_ import queries",
            "from netsight.async_ import BaseAsyncView",
            "from netsight.async_ import *",
            "from ..running import runner",
            "from .. import running",
            "def late():\n    from netsight.async_.running import runner",
        ):
            with self.subTest(text):
                self.assertEqual(len(self.wrong(text)), 1)

    def test_one_in_the_order(self):
        for text in (
            "import netsight.async_.records.body",
            "from netsight.async_ import config",
            "from netsight.async_.records.lease import Worker",
            "from . import lease",
            "import ZODB",
        ):
            with self.subTest(text):
                self.assertEqual(self.wrong(text), [])

    def test_the_lists_outside_of_them(self):
        text = "from netsight.async_.browser.lists.rows import Row"
        self.assertTrue(self.wrong(text, "netsight.async_.browser.pages"))
        self.assertTrue(self.wrong(text, "netsight.async_.rest.service"))
        self.assertFalse(self.wrong(text, "netsight.async_.browser.lists.zmi"))

    def test_tests_in_the_product(self):
        for name in ("testing", "examples.views", "records.body"):
            for text in (
                "from netsight.async_.tests.support import Client",
                "from netsight.async_.executors.tests import support",
                "from netsight.async_ import tests",
            ):
                with self.subTest(name=name, text=text):
                    name = f"netsight.async_.{name}"
                    self.assertTrue(self.wrong(text, name))

    def test_a_module_of_tests_in_another(self):
        name = "netsight.async_.tests.test_names"
        for text, count in (
            ("from netsight.async_.tests.test_queries import add", 1),
            ("from netsight.async_.tests import test_queries", 1),
            ("from . import test_queries", 1),
            ("from netsight.async_.tests.support import Client", 0),
            ("from netsight.async_.testing import AsyncLayer", 0),
        ):
            with self.subTest(text):
                found = list(imported_tests(Module(name, text)))
                self.assertEqual(len(found), count)

    def test_code_in_a_package(self):
        for text, expected in (
            ('"""What is stored."""', True),
            ("", False),
            ('"""What is stored."""\nimport os', False),
            ("import os", False),
        ):
            with self.subTest(text):
                module = Module("netsight.async_.records", text, True)
                self.assertIs(has_only_a_docstring(module), expected)

    def test_another_that_publishes(self):
        for text, expected in (
            ("from ZPublisher.WSGIPublisher import publish_module", True),
            ("from ZPublisher.WSGIPublisher import publish as p", True),
            ("from ZPublisher.HTTPRequest import WSGIRequest", False),
        ):
            with self.subTest(text):
                module = Module("netsight.async_.answers.result", text)
                self.assertIs(publishes(module), expected)
