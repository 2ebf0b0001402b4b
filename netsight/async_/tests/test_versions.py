"""The versions that are said to be supported are those whose tests passed."""

import re
import unittest

from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import README
from netsight.async_.tests.documents import ROOT
from netsight.async_.tests.documents import read


MATRIX = ROOT / "tools" / "matrix"

ROW = re.compile(r"^``([\w.-]+)`` +(\S+) +(\w+) ([\d.]+) +(\S.*)$", re.M)


def cells():
    """Return the CELLS of tools/matrix, which is no package."""
    names = {"__name__": "cells"}
    exec((MATRIX / "cells.py").read_text("utf-8"), names)
    return names["CELLS"]


def pinned(cell_name, package):
    """Return the versions that a cell pins of a package, as a set."""
    pin = re.compile(rf"^{package}==([\d.]+)", re.M | re.I)
    for path in (MATRIX / f"{cell_name}.txt", ROOT / "constraints.txt"):
        found = pin.findall(path.read_text("utf-8")) if path.exists() else []
        if found:
            return set(found)
    return set()


def passed(rows):
    """Yield (python, package, version) of the rows that passed all."""
    for _name, python, package, version, outcome in rows:
        if outcome == "all":
            yield python, package, version


@unittest.skipUnless(IS_CHECKOUT, "tools/ is in a checkout only")
class VersionsTests(unittest.TestCase):
    def setUp(self):
        self.rows = ROW.findall(read("reference/versions.rst"))
        self.setup = (ROOT / "setup.py").read_text("utf-8")

    def classified(self, framework):
        found = re.findall(rf"{framework} :: (\d[\d.]*)", self.setup)
        return {version.split(" ")[0] for version in found}

    def test_each_cell_is_a_row(self):
        pythons = {name: cell.python for name, cell in cells().items()}
        self.assertEqual({row[0]: row[1] for row in self.rows}, pythons)

    def test_versions_are_the_pins(self):
        for name, _python, package, version, _outcome in self.rows:
            with self.subTest(name):
                self.assertIn(version, pinned(name, package))

    def test_classifiers_name_the_plones_that_passed(self):
        plones = {
            version.rpartition(".")[0]
            for _python, package, version in passed(self.rows)
            if package == "Plone"
        }
        self.assertEqual(self.classified("Framework :: Plone"), plones)

    def test_readme_names_the_plones_that_passed(self):
        plones = sorted(self.classified("Framework :: Plone"))
        said = re.search(r"runs on Plone ([\d., and]+),", README.read_text())
        self.assertEqual(re.findall(r"\d\.\d", said[1]), plones)

    def test_each_cell_of_a_day_has_its_pins(self):
        for name, cell in cells().items():
            if cell.day:
                with self.subTest(name):
                    self.assertTrue((MATRIX / f"{name}.txt").exists())
