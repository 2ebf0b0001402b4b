"""The sets of versions that the tests are run with: the cells of the matrix.

A cell is a Python, what is installed of the package, and a file of pins. Pins
"of a day" are all there are: what was newest then, so that a release meets the
packages that it came with. Other pins stand in place of those of
constraints.txt that have the same name.
"""

from typing import NamedTuple


class Cell(NamedTuple):
    """One set of versions, and the tests that it must pass."""

    python: str
    extra: str
    """The extras of setup.py that the tests need."""
    tests: tuple
    """What zope.testrunner is told beside the folder."""
    wanted: tuple = ()
    """Requirements beside the package: what makes this cell another one."""
    day: str = ""
    """Its pins are those of this day, ISO; empty: of constraints.txt."""


PLONE = ("-m", "test_plone")
ZOPE = ("-m", "!test_plone")
CLUSTER = ("--tests-pattern", "^cluster$", "--all")

EXPORTS = ("-m", "test_plone_collective")
"""Of what needs pkg_resources, which setuptools do not have since 82."""

CELLS = {
    "plone-6.2-python-3.11": Cell("3.11", "test", PLONE, ("Plone",)),
    "plone-6.2-python-3.12": Cell("3.12", "test", PLONE, ("Plone",)),
    "plone-6.2-python-3.13": Cell("3.13", "test", PLONE, ("Plone",)),
    "plone-6.1": Cell(
        "3.12",
        "test",
        PLONE,
        ("Plone<6.2", "Products.CMFPlone<6.2", "setuptools<81"),
        "2026-03-01",
    ),
    "plone-6.0": Cell(
        "3.11",
        "test",
        PLONE,
        ("Plone<6.1", "Products.CMFPlone<6.1", "setuptools<81"),
        "2024-06-01",
    ),
    "zope-5.10": Cell(
        "3.10",
        "test-zope",
        ZOPE,
        ("Zope==5.10", "setuptools<81"),
        "2024-06-01",
    ),
    "zope-5": Cell("3.12", "test-zope", ZOPE, ("Zope<6",)),
    "zope-6": Cell("3.13", "test-zope", ZOPE),
    "celery-5.6": Cell("3.11", "test,test-cluster", CLUSTER, ("Plone",)),
    "celery-5.7": Cell(
        "3.11", "test,test-cluster", CLUSTER, ("Plone", "celery>=5.7,<5.8")
    ),
    "pkg-resources": Cell(
        "3.11",
        "test",
        EXPORTS,
        ("Plone", "collective.exportimport", "setuptools<81"),
    ),
}
