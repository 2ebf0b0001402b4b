"""Runs the tests that pages of the documentation show."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from netsight.async_.tests.documents import ADDON
from netsight.async_.tests.documents import FILE_NAME
from netsight.async_.tests.documents import ROOT
from netsight.async_.tests.documents import blocks
from netsight.async_.tests.documents import read
from netsight.async_.tests.documents import write_file


WAIT_SECONDS = 300
"""Longest run of the tests of a page in a process of their own."""


class RecipeTestCase(unittest.TestCase):
    """Has the add-on of the tutorial, with the files of recipes, in a folder.

    They are those of docs/howto/write-a-view.rst and test-your-views.rst.
    """

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        addon = Path(self.folder.name, "my", "addon")
        shutil.copytree(ADDON / "my" / "addon", addon)
        zcml = addon / "configure.zcml"
        text = zcml.read_text("utf-8")
        line = '<include file="recount.zcml" />\n'
        zcml.write_text(text.replace("</configure>", f"{line}</configure>"))
        for page in ("howto/test-your-views.rst", "howto/write-a-view.rst"):
            for _line, _language, code in blocks(read(page)):
                name = FILE_NAME.match(code)
                if name:
                    write_file(Path(self.folder.name), name[1], code)

    def run_tests(self, module):
        """Run a test module of my.addon, which must pass, in a process."""
        folder = self.folder.name
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; from zope.testrunner import run; "
                f"sys.path[:0] = [{folder!r}, {str(ROOT)!r}]; run()",
                f"--test-path={folder}",
                *("-s", "my.addon", "-m", module),
            ],
            capture_output=True,
            cwd=folder,
            text=True,
            timeout=WAIT_SECONDS,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"[1-9]\d* tests? with 0 failures")
