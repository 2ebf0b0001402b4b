"""Runs the code of README.rst and docs/, and checks that both are complete.

See `page_support` for what is run.
"""

import ast
import inspect
import io
import re
import subprocess
import tempfile
import unittest
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import ZConfig
from zope.dottedname.resolve import resolve
from zope.interface.interface import Method
from zope.interface.interfaces import IInterface
from Zope2.Startup.options import ZopeWSGIOptions

import netsight.async_
from netsight.async_ import config
from netsight.async_ import exceptions
from netsight.async_ import interfaces
from netsight.async_.actions import REMOVE_BATCH
from netsight.async_.actions import REMOVE_MOST
from netsight.async_.answers.interfaces import IProcessView
from netsight.async_.answers.programs import RETRY_AFTER_SECONDS
from netsight.async_.answers.programs import problem_name
from netsight.async_.answers.refusals import QUEUE_FULL_SECONDS
from netsight.async_.browser import processing
from netsight.async_.browser.subviews import SUBVIEWS
from netsight.async_.executors.broker import BrokerExecutor
from netsight.async_.executors.thread import ThreadExecutor
from netsight.async_.queries import ACTIVE_MOST
from netsight.async_.queries import RECENT_MOST
from netsight.async_.queries import SCAN_MOST
from netsight.async_.records import requests
from netsight.async_.records.body import INLINE_BODY_BYTES
from netsight.async_.records.database import TRANSACT_TRIES
from netsight.async_.records.lease import CLOCK_TOLERANCE_SECONDS
from netsight.async_.records.limits import LOG_SECONDS
from netsight.async_.records.limits import WAITING_MOST
from netsight.async_.records.lines import AHEAD_MOST
from netsight.async_.records.progress import MESSAGE_CHARS
from netsight.async_.records.responses import DROPPED_RESPONSE_HEADERS
from netsight.async_.running.failure import ERROR_CHARS
from netsight.async_.running.failure import TRACEBACK_CHARS
from netsight.async_.running.monitor import FIRST_SECONDS
from netsight.async_.running.monitor import PROGRESS_SECONDS
from netsight.async_.serving.recovery import SWEEP_BATCH
from netsight.async_.tests.documents import CHANGES
from netsight.async_.tests.documents import CONTRIBUTING
from netsight.async_.tests.documents import DOCS
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import MAKEFILE
from netsight.async_.tests.documents import PAGES
from netsight.async_.tests.documents import README
from netsight.async_.tests.documents import ROOT
from netsight.async_.tests.documents import ZOPE_PAGES
from netsight.async_.tests.documents import blocks
from netsight.async_.tests.documents import read
from netsight.async_.tests.documents import shown_files
from netsight.async_.tests.page_support import Page
from netsight.async_.tests.recipe_support import RecipeTestCase
from netsight.async_.tests.support import ZOPE_FUNCTIONAL


try:
    from docutils.core import publish_doctree
except ImportError:
    publish_doctree = None


KINDS = (
    "Breaking changes",
    "New features",
    "Bug fixes",
    "Internal",
    "Documentation",
    "Tests",
)
"""Of changes, in the order of the change log."""

PLACE = re.compile(
    r"""
    ``
    ((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:cfg|py|rst|txt|zcml))
    (?::([\w.]+))?
    ``
    """,
    re.VERBOSE,
)
"""A path, and a name in that file, as the map gives them."""

ZOPE_CONF = "NETSIGHT_ASYNC_ZOPE_CONF"
"""No setting: it tells workers of Celery where the settings are."""


def load_zope_conf(text):
    """Raise an error if a part of zope.conf is not right; opens nothing."""
    options = ZopeWSGIOptions()
    options.load_schema()
    head = "%define INSTANCE /\ninstancehome $INSTANCE\n"
    ZConfig.loadConfigFile(options.schema, io.StringIO(head + text))


def is_there(name):
    """Tell whether a dotted name of the package leads to something."""
    try:
        resolve(name)
    except ModuleNotFoundError as exc:
        # It may need what is not installed here, as Celery.
        return not exc.name.startswith("netsight.")
    return True


def path_of(place):
    """Return the Path that the map means, None if there is none."""
    package = Path(netsight.async_.__file__).parent
    paths = (package / place, ROOT / place)
    return next((path for path in paths if path.exists()), None)


def names_in(path):
    """Return the set of names that a file defines, or of all its words.

    Names within a class follow that of the class and a dot.
    """
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        return set(re.findall(r"\w+", text))
    return set(defined(ast.parse(text).body))


def defined(body):
    """Yield the names of the statements of a module or class."""
    for node in body:
        targets = getattr(node, "targets", [getattr(node, "target", node)])
        names = (getattr(t, "name", getattr(t, "id", None)) for t in targets)
        yield from filter(None, names)
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{name}" for name in defined(node.body))


@unittest.skipUnless(
    IS_CHECKOUT, "README.rst and docs/ are in a checkout only"
)
class DocumentationTests(unittest.TestCase):
    """The tables are complete, the names exist, the markup is right."""

    def assert_described(self, names, *pages):
        text = read(*pages)
        missing = [name for name in names if f"``{name}``" not in text]
        self.assertEqual(missing, [])

    @unittest.skipIf(publish_doctree is None, "docutils is not installed")
    def test_long_description_is_valid_for_package_indexes(self):
        text = "\n\n".join(p.read_text("utf-8") for p in (README, CHANGES))
        publish_doctree(
            text,
            settings_overrides={
                "halt_level": 2,
                "report_level": 2,
                "syntax_highlight": "none",
            },
        )

    def test_names_in_the_package_exist(self):
        for page in (*PAGES, CHANGES):
            text = page.read_text("utf-8")
            for name in set(re.findall(r"\bnetsight\.async_(?:\.\w+)*", text)):
                with self.subTest(page=page.name, name=name):
                    self.assertTrue(is_there(name))

    def test_what_the_map_leads_to_exists(self):
        contributing = CONTRIBUTING.read_text("utf-8")
        places = PLACE.findall(read("explanation/map.rst"))
        self.assertGreater(len(places), 50)
        for place, name in places + PLACE.findall(contributing):
            with self.subTest(place=place, name=name):
                path = path_of(place)
                self.assertIsNotNone(path)
                if name:
                    self.assertIn(name, names_in(path))

    def test_each_folder_is_on_the_map(self):
        package = Path(netsight.async_.__file__).parent
        names = {f"{p.name}/" for p in package.iterdir() if p.is_dir()}
        names -= {"__pycache__/"}
        names |= {p.name for p in package.glob("*.py")} - {"__init__.py"}
        self.assert_described(names, "explanation/map.rst")

    def test_no_file_of_an_add_on_overwrites_another(self):
        names = Counter(name for name, _page in shown_files())
        self.assertGreater(len(names), 40)
        self.assertEqual([n for n, count in names.items() if count > 1], [])

    def test_pages_that_are_named_exist(self):
        for page in (*PAGES, CHANGES):
            text = page.read_text("utf-8")
            for name in re.findall(r"``(docs/[\w/.-]+)``", text):
                with self.subTest(page=page.name, name=name):
                    self.assertTrue((ROOT / name).exists())

    def test_each_finding_is_linked_once(self):
        scripts = {path.name for path in (ROOT / "findings").iterdir()}
        links = re.findall(
            r":download:`(\S+) <../../findings/\1>`",
            read("explanation/surprises.rst"),
        )
        self.assertEqual(Counter(links), Counter(scripts))

    def test_addresses_elsewhere_are_well_formed(self):
        # Whether somebody answers there, a test without internet cannot say.
        for page in PAGES:
            for url in re.findall(
                r"https?:[^\s`>,|\"]*", page.read_text("utf-8")
            ):
                with self.subTest(page=page.name, url=url):
                    self.assertRegex(url, r"^https?://[\w.-]+(:\d+)?(/|$)")

    def test_targets_of_make_exist(self):
        makefile = MAKEFILE.read_text("utf-8")
        targets = set(re.findall(r"^([\w-]+):", makefile, re.M))
        for page in PAGES:
            text = page.read_text("utf-8")
            for name in re.findall(r"``make ([\w-]+)", text):
                with self.subTest(page=page.name, name=name):
                    self.assertIn(name, targets)

    def test_pythons_are_the_same_everywhere(self):
        setup = (ROOT / "setup.py").read_text("utf-8")
        pythons = re.findall(r"Python :: (3\.\d+)", setup)
        oldest, newest = pythons[0], pythons[-1]
        self.assertIn(f'python_requires=">={oldest}"', setup)
        tool = (ROOT / "tools" / "pythons.py").read_text("utf-8")
        self.assertEqual(re.findall(r'"(3\.\d+)"', tool), pythons)
        readme = README.read_text("utf-8")
        said = re.findall(r"Python (3\.\d+) to (3\.\d+)", readme)
        self.assertEqual(said, [(oldest, newest)])
        for page in (README, CONTRIBUTING, DOCS / "tutorial.rst", MAKEFILE):
            with self.subTest(page.name):
                text = page.read_text("utf-8")
                said = re.findall(r"(3\.\d+) or newer", text)
                self.assertEqual(said, [oldest])

    def test_the_version_is_that_of_the_change_log(self):
        setup = (ROOT / "setup.py").read_text("utf-8")
        version = re.search(r'\bversion="([\d.]+?)(\.dev0)?"', setup)[1]
        head = re.search(r"^(\S+) \(.*\)\n---", CHANGES.read_text(), re.M)
        self.assertEqual(head[1], version)

    def test_changes_stand_by_their_kind(self):
        newest = re.split(r"^-{5,}$", CHANGES.read_text("utf-8"), flags=re.M)[
            1
        ]
        found = re.findall(r"^(\w[\w ]*):$", newest, re.M)
        self.assertEqual(found, [kind for kind in KINDS if kind in found])

    def test_each_setting_is_described_with_its_default(self):
        text = read("reference/settings.rst")
        for setting in config.SETTINGS.values():
            with self.subTest(setting.name):
                self.assertIn(f"``{setting.variable}``", text)
                default = f"``{setting.default}``"
                if not setting.default:
                    default = "(empty)"
                row = next(
                    line
                    for line in text.splitlines()
                    if line.startswith(f"``{setting.name}``  ")
                )
                self.assertTrue(row.endswith(default), row)

    def test_fixed_numbers_are_right(self):
        text = read("reference/settings.rst").partition("Fixed numbers")[2]
        lines = text.splitlines()
        for number, meaning in (
            (f"{INLINE_BODY_BYTES // 1024} KB", "become blobs"),
            (f"{FIRST_SECONDS} seconds", "first write of progress"),
            (f"{PROGRESS_SECONDS:.0f} second", "writes of progress"),
            (f"{BrokerExecutor.IDLE_SECONDS:.0f} second", "idle connection"),
            (f"{processing.POLL_SECONDS} second", "of the waiting page"),
            (f"{processing.REFRESH_SECONDS} second", "without JavaScript"),
            (f"{ThreadExecutor.IDLE_SECONDS:.0f} second", "thread ends"),
            (f"{TRACEBACK_CHARS:,} characters", "traceback"),
            (f"{ERROR_CHARS:,} characters", "of the text of an error"),
            (f"{MESSAGE_CHARS:,} characters", "in a message of progress"),
            (f"{TRANSACT_TRIES} times", "conflicts"),
            (f"{CLOCK_TOLERANCE_SECONDS:.0f} second", "clocks"),
            (f"{RETRY_AFTER_SECONDS} second", "Retry-After"),
            (f"{QUEUE_FULL_SECONDS} second", "of a start that is refused"),
            (f"{WAITING_MOST} processes", "how many of a user wait"),
            (f"{LOG_SECONDS} second", "in which the log tells once"),
            (f"{SWEEP_BATCH} records", "one sweep"),
            (f"{AHEAD_MOST} processes", "a place in the queue"),
            (f"{SCAN_MOST} records", "page of a list"),
            (f"{ACTIVE_MOST} processes", "how long the queue"),
            (f"{REMOVE_BATCH} records", "transaction that removes"),
            (f"{REMOVE_MOST:,} records", "request for that"),
            (f"{RECENT_MOST} processes", "async-health"),
        ):
            with self.subTest(meaning):
                line = next(line for line in lines if meaning in line)
                self.assertRegex(line, rf"^{number}s?\b")

    def test_settings_in_examples_exist(self):
        for page in PAGES:
            text = page.read_text("utf-8")
            for section in re.findall(
                r"<product-config netsight\.async>\n(.*?)</product-config>",
                text,
                re.DOTALL,
            ):
                for line in section.strip().splitlines():
                    name, value = line.strip().split(None, 1)
                    with self.subTest(page=page.name, setting=name):
                        config.SETTINGS[name].parse(value)
            for name in re.findall(r"\b(NETSIGHT_ASYNC_\w+)=", text):
                with self.subTest(page=page.name, variable=name):
                    variables = [s.variable for s in config.SETTINGS.values()]
                    self.assertIn(name, (ZOPE_CONF, *variables))

    def test_databases_in_examples_are_configured_right(self):
        for page in PAGES:
            for line, _language, code in blocks(page.read_text("utf-8")):
                packages = re.findall(r"%import (\w+)", code)
                is_zope_conf = code.startswith("<zodb_db")
                if is_zope_conf and all(map(find_spec, packages)):
                    with self.subTest(page=page.name, line=line):
                        load_zope_conf(code)

    def test_each_state_is_described(self):
        self.assert_described(interfaces.STATES, "reference/states.rst")

    def test_each_event_is_described(self):
        events = [
            name
            for name, value in vars(interfaces).items()
            if name.endswith("Event") and IInterface.providedBy(value)
        ]
        self.assert_described(events, "reference/events.rst")

    def test_each_error_is_described(self):
        errors = [
            name
            for name, value in vars(exceptions).items()
            if inspect.isclass(value)
            and value.__module__ == exceptions.__name__
        ]
        self.assert_described(errors, "reference/errors.rst")

    def test_each_subview_is_described(self):
        self.assert_described(SUBVIEWS, "reference/http.rst")

    def test_each_problem_is_described(self):
        package = Path(netsight.async_.__file__).parent
        paths = [*package.glob("answers/*.py"), *package.glob("browser/*.py")]
        source = "".join(path.read_text("utf-8") for path in paths)
        names = re.findall(r'_\(\s*"((?:error|sentence)_\w+)"', source)
        self.assertIn("error_single", names)
        self.assert_described(
            map(problem_name, names), "reference/problems.rst"
        )

    def test_each_public_name_is_described(self):
        self.assert_described(
            netsight.async_.__all__,
            "reference/view.rst",
            "reference/errors.rst",
            "reference/from-code.rst",
        )

    def test_each_method_of_a_view_is_described(self):
        text = read("reference/view.rst")
        for name, method in interfaces.IAsyncView.namesAndDescriptions():
            if not isinstance(method, Method):
                continue
            with self.subTest(name):
                signature = method.getSignatureString()
                self.assertIn(f".. py:method:: {name}{signature}\n", text)

    def test_what_the_answers_ask_of_a_view_is_described(self):
        text = read("reference/view.rst").partition("What the answers")[2]
        for name in IProcessView.names(all=True):
            if name not in ("context", "request"):
                with self.subTest(name):
                    self.assertRegex(text, rf"``{name}(\(|``)")

    def test_each_choice_of_a_view_is_described_with_its_default(self):
        text = read("reference/view.rst")
        for name, value in vars(netsight.async_.BaseAsyncView).items():
            if name.startswith("_"):
                # It is no choice; Python 3.13 adds __firstlineno__.
                continue
            if value is None or isinstance(value, (bool, int)):
                with self.subTest(name):
                    head = f".. py:attribute:: {name}\n"
                    self.assertIn(head, text)
                    if name != "initial_page":
                        self.assertIn(f"{head}   :value: {value}\n", text)

    def test_each_method_of_the_registry_is_described(self):
        text = read("reference/view.rst")
        for name, method in interfaces.IProcessRegistry.namesAndDescriptions():
            if not name.startswith("__"):
                with self.subTest(name):
                    said = re.findall(rf"``{name}\((.*?)\)``", text)
                    self.assertEqual(len(said), 1)
                    arguments = list(filter(None, said[0].split(", ")))
                    self.assertLessEqual(
                        len(arguments), len(method.positional)
                    )

    def test_each_attribute_of_a_process_is_described(self):
        self.assert_described(
            interfaces.IProcess.names(), "reference/process.rst"
        )

    def test_what_crosses_is_described(self):
        text = read("reference/crossing.rst").lower()
        headers = requests.KEPT_HEADERS | DROPPED_RESPONSE_HEADERS
        names = {
            name.removeprefix("HTTP_").replace("_", "-").lower()
            for name in headers
        }
        names |= {name.lower() for name in requests.KEPT_ENVIRON}
        names |= {name.lower() for name in requests.SECRET_FIELDS}
        missing = sorted(name for name in names if f"``{name}``" not in text)
        self.assertEqual(missing, [])

    def test_sed_line_changes_imports_and_nothing_else(self):
        command = re.search(r"^ +(grep .* sed .*)$", README.read_text(), re.M)
        before = (
            "import netsight.async.config\n"
            "from netsight.async.browser.BaseAsyncView import BaseAsyncView\n"
            "from netsight.async import registry\n"
            "from netsight.async_ import BaseAsyncView\n"
            'DISTRIBUTION = "netsight.async"\n'
        )
        after = (
            "import netsight.async_.config\n"
            "from netsight.async_.browser.BaseAsyncView import BaseAsyncView\n"
            "from netsight.async_ import registry\n"
            "from netsight.async_ import BaseAsyncView\n"
            'DISTRIBUTION = "netsight.async"\n'
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "views.py")
            path.write_text(before)
            subprocess.run(command[1], shell=True, check=True, cwd=folder)
            self.assertEqual(path.read_text(), after)


@unittest.skipUnless(
    IS_CHECKOUT, "README.rst and docs/ are in a checkout only"
)
class TestingRecipeTests(RecipeTestCase):
    """The tests that docs/howto/test-your-views.rst shows, pass."""

    def test_without_a_layer(self):
        self.run_tests("test_unit")

    def test_on_zope(self):
        self.run_tests("test_zope")


def test_suite():
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite()
    suite.addTests(loader.loadTestsFromTestCase(DocumentationTests))
    suite.addTests(loader.loadTestsFromTestCase(TestingRecipeTests))
    if IS_CHECKOUT:
        pages = (Page(path, ZOPE_FUNCTIONAL) for path in ZOPE_PAGES)
        suite.addTests(page.suite() for page in pages)
    return suite
