"""Runs the code of a page of the documentation.

In document order, per file:

- lines with a prompt run as doctests;
- a Python, XML or HTML block whose first line is a comment with a path below
  ``my/`` is written to that file; after the last file in a row, modules are
  imported (but for tests, which `TestingRecipeTests` runs) and ``.zcml``
  files loaded;
- any other Python block is executed, and other ZCML that begins with
  ``<configure`` loaded.

Blocks of other languages (shell, ini, nginx) are not run.
"""

import doctest
import importlib
import shutil
import sys
import tempfile
from pathlib import Path

from plone.testing import layered
from plone.testing import zca
from plone.testing.zope import Browser
from zope.configuration import xmlconfig

from netsight.async_.tests.documents import FILE_NAME
from netsight.async_.tests.documents import blocks
from netsight.async_.tests.documents import write_file


RUN_LANGUAGES = ("html", "python", "xml")


class BlockParser(doctest.DocTestParser):
    """Finds the code blocks beside the examples with a prompt."""

    def parse(self, string, name="<string>"):
        found = [
            (example.lineno, None, example)
            for example in super().parse(string, name)
            if not isinstance(example, str)
        ]
        for line, language, code in blocks(string):
            if language in RUN_LANGUAGES and not code.startswith(">>> "):
                file_name = FILE_NAME.match(code)
                source = f"run_code({language!r}, {code!r})\n"
                if file_name:
                    source = f"write_file({file_name[1]!r}, {code!r})\n"
                example = doctest.Example(source, "", lineno=line)
                found.append((line, file_name and file_name[1], example))
        found.sort(key=lambda each: each[0])
        return list(self._with_loads(found))

    def _with_loads(self, found):
        """Load files after the last of them is written."""
        written = []
        for _line, file_name, example in found:
            if not file_name:
                yield from written
                written = []
            yield example
            if file_name:
                source = f"load_file({file_name!r})\n"
                line = example.lineno
                written.append(doctest.Example(source, "", lineno=line))
        yield from written


class Workspace:
    """A directory on the import path with the files of a page."""

    def __init__(self, context, globs):
        self.context = context
        self.globs = globs
        self.path = Path(tempfile.mkdtemp(prefix="documentation-"))
        sys.path.insert(0, str(self.path))

    def run_code(self, language, code):
        if language == "python":
            exec(code, self.globs)
        elif code.startswith("<configure"):
            xmlconfig.string(code, context=self.context)

    def write_file(self, name, code):
        write_file(self.path, name, code)
        self.forget_modules()

    def load_file(self, name):
        path = Path(name)
        package = ".".join(path.parent.parts)
        if path.suffix == ".py" and "tests" not in path.parts:
            importlib.import_module(f"{package}.{path.stem}")
        elif path.suffix == ".zcml":
            module = importlib.import_module(package)
            xmlconfig.file(path.name, module, context=self.context)

    def forget_modules(self):
        for name in list(sys.modules):
            if name == "my" or name.startswith("my."):
                del sys.modules[name]
        importlib.invalidate_caches()

    def close(self):
        sys.path.remove(str(self.path))
        self.forget_modules()
        shutil.rmtree(self.path)


class Page:
    """The code of one page, run on a layer."""

    def __init__(self, path, layer):
        self.path = path
        self.layer = layer
        self.workspace = None

    def suite(self):
        """Return a suite with it."""
        return layered(
            doctest.DocFileSuite(
                str(self.path),
                module_relative=False,
                encoding="utf-8",
                parser=BlockParser(),
                setUp=self.set_up,
                tearDown=self.tear_down,
                optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
            ),
            layer=self.layer,
        )

    def set_up(self, test):
        self.push_registry()
        context = zca.stackConfigurationContext(
            self.layer["configurationContext"]
        )
        self.workspace = Workspace(context, test.globs)
        test.globs.update(
            app=self.layer["app"],
            browser=Browser(self.layer["app"]),
            load_file=self.workspace.load_file,
            run_code=self.workspace.run_code,
            workspace=self.workspace,
            write_file=self.workspace.write_file,
        )

    def tear_down(self, test):
        self.workspace.close()
        self.pop_registry()

    def push_registry(self):
        """Have what the page registers in a registry of its own."""
        zca.pushGlobalRegistry()

    def pop_registry(self):
        zca.popGlobalRegistry()
