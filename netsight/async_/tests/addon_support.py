"""An add-on of the shape that 1.x had, upgraded as upgrade.rst says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

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


def forget_addon():
    """Have the next import load it anew."""
    for name in [n for n in sys.modules if n.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
