"""README.rst and its like, docs/, and the code blocks in them."""

import re
import textwrap
from pathlib import Path


ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "README.rst"
CHANGES = ROOT / "CHANGES.rst"
CONTRIBUTING = ROOT / "CONTRIBUTING.rst"
MAKEFILE = ROOT / "Makefile"
DOCS = ROOT / "docs"
ADDON = DOCS / "addon"

IS_CHECKOUT = all(path.exists() for path in (README, CHANGES, DOCS))
"""An installed package has none of them."""

PAGES = [
    README,
    CONTRIBUTING,
    *(p for p in sorted(DOCS.rglob("*.rst")) if "_build" not in p.parts),
]

PLONE_PAGES = [
    DOCS / "howto" / "background-actions.rst",
    DOCS / "howto" / "take-a-form.rst",
]
"""Those whose code needs Plone."""

ZOPE_PAGES = [page for page in PAGES if page not in PLONE_PAGES]

BLOCK = re.compile(
    r"""
    ^(?P<indent>[ ]*)\.\.[ ]code-block::[ ](?P<language>\w+)\n
    \n
    (?P<body>(?:(?:(?P=indent)[ ]{2,}\S.*|[ ]*)\n)+)
    """,
    re.MULTILINE | re.VERBOSE,
)

FILE_NAME = re.compile(r"(?:#|<!--) (my/[\w./-]+)(?: -->)?\n")
"""Begins a block that is a file: a comment with its path."""


def blocks(text):
    """Yield (number of the line, language, code) of the code blocks."""
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("body"))
        code = textwrap.dedent(match["body"]).strip() + "\n"
        yield line, match["language"], code


def write_file(folder, name, code):
    """Write a file of a page below `folder`, in packages."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    for parent in list(Path(name).parents)[:-1]:
        (folder / parent / "__init__.py").touch()
    path.write_text(code.partition("\n")[2], encoding="utf-8")


def shown_files():
    """Yield (path below my/, page) of each file that a page or ADDON has."""
    for path in ADDON.rglob("my/**/*"):
        if path.is_file() and path.suffix != ".pyc":
            yield str(path.relative_to(ADDON)), ADDON
    for page in PAGES:
        for _line, _language, code in blocks(page.read_text("utf-8")):
            name = FILE_NAME.match(code)
            if name:
                yield name[1], page


def read(*names):
    """Return the text of pages in docs/."""
    return "\n".join((DOCS / name).read_text("utf-8") for name in names)
