"""An add-on of the shape that 1.x had, upgraded as upgrade.rst says."""

import importlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from zope.component.hooks import getSite
from zope.component.hooks import setSite
from zope.configuration import xmlconfig

from netsight.async_.tests.documents import read


SOURCE = Path(__file__).parent / "addon_of_1x"
PACKAGE = "addon_of_1x"


def upgrade_command():
    """Return the shell command of upgrade.rst that changes the imports."""
    text = read("howto/upgrade.rst")
    return re.search(r"^ +(grep -rlE .*)$", text, re.MULTILINE)[1]


def write_addon(folder):
    """Write the add-on of 1.x below a folder, as it was."""
    package = Path(folder) / PACKAGE
    shutil.copytree(SOURCE, package)
    (package / "views.py.txt").rename(package / "views.py")
    (package / "__init__.py").touch()
    return package


def upgrade(folder):
    """Upgrade what is below a folder."""
    subprocess.run(upgrade_command(), shell=True, check=True, cwd=folder)


class AddonMixin:
    """For an AsyncTestCase: it has the views of the upgraded add-on."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        write_addon(folder.name)
        upgrade(folder.name)
        sys.path.insert(0, folder.name)
        self.addCleanup(forget_addon, folder.name)
        self.views = importlib.import_module(f"{PACKAGE}.views")
        site = getSite()
        # Not in the registry of the site.
        setSite(None)
        xmlconfig.file(
            "configure.zcml",
            importlib.import_module(PACKAGE),
            context=self.layer["configurationContext"],
        )
        setSite(site)


def forget_addon(folder):
    """Have the next import load another one."""
    sys.path.remove(folder)
    for name in [n for n in sys.modules if n.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
