"""The type hints of what add-ons import; `make lint` has mypy read them."""

import ast
import inspect
import unittest
from pathlib import Path

import netsight.async_
from netsight.async_ import actions
from netsight.async_ import interfaces
from netsight.async_ import queries
from netsight.async_ import testing


def public_of(module):
    """Return the functions and classes that a module defines for others."""
    return [
        value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    ]


def functions_of(public):
    """Yield functions, and the public methods of classes among them."""
    for each in public:
        if inspect.isfunction(each):
            yield each
        elif not issubclass(each, BaseException):
            yield from (
                value
                for name, value in vars(each).items()
                if inspect.isfunction(value) and not name.startswith("_")
            )


def without_hints(function):
    """Return the names of what has no hint in a function's signature."""
    signature = inspect.signature(function)
    names = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.annotation is parameter.empty
        and name not in ("self", "cls")
    ]
    if signature.return_annotation is signature.empty:
        names.append("return")
    return names


class HintTests(unittest.TestCase):
    def assert_hints(self, public):
        for function in functions_of(public):
            with self.subTest(function.__qualname__):
                self.assertEqual(without_hints(inspect.unwrap(function)), [])

    def test_what_is_imported_from_the_package(self):
        names = netsight.async_.__all__
        public = [getattr(netsight.async_, name) for name in names]
        public.remove(netsight.async_.BaseAsyncView)
        self.assert_hints(each for each in public if inspect.isfunction(each))

    def test_what_add_ons_call(self):
        for module in (actions, queries, testing):
            self.assert_hints(public_of(module))

    def test_what_views_call(self):
        view = netsight.async_.BaseAsyncView
        for name in (
            "__call__", "__run__", "checkpoint", "check_cancelled",
            "completed", "process_cancel", "processing", "processing_page",
            "result", "run_process", "set_progress", "track",
        ):  # fmt: skip
            with self.subTest(name):
                self.assertEqual(without_hints(getattr(view, name)), [])

    def test_each_attribute_of_a_process(self):
        # zope.interface forgets them.
        hinted = {
            node.target.id
            for node in ast.walk(ast.parse(inspect.getsource(interfaces)))
            if isinstance(node, ast.AnnAssign)
        }
        names = interfaces.IProcess.names()
        self.assertEqual(set(names) - hinted, set())

    def test_checkers_see_what_is_imported_late(self):
        path = Path(netsight.async_.__file__)
        found = {
            alias.name: node.module
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom) and "netsight" in node.module
            for alias in node.names
        }
        self.assertEqual(found, netsight.async_.HOMES)

    def test_checkers_are_told_of_them(self):
        path = Path(netsight.async_.__file__)
        self.assertTrue(path.with_name("py.typed").exists())
