"""This checkout: on the path of imports, and copied.

What imports this module can then import netsight.async_ of this checkout,
also with a Python in which nothing is installed.
"""

import shutil
import subprocess
import sys
from pathlib import Path


HERE = Path(__file__).resolve().parent.parent

sys.path.insert(0, str(HERE))


def files_in_git(below="."):
    """Return the files that are committed or would be, as relative paths."""
    listed = subprocess.run(
        [
            *("git", "ls-files", "-z", "--cached", "--others"),
            *("--exclude-standard", below),
        ],
        cwd=HERE,
        check=True,
        capture_output=True,
        text=True,
    )
    names = filter(None, listed.stdout.split("\0"))
    return [name for name in names if (HERE / name).exists()]


def copy_checkout(target):
    """Copy the checkout into a new folder, without what was built in it."""
    for name in files_in_git():
        copy = Path(target) / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(HERE / name, copy)
