"""Make a virtual environment; needs nothing but Python.

    python3 tools/environment.py DIRECTORY ARGUMENT...

Makes DIRECTORY if it is missing or of another Python than the one that runs
this, and calls `pip install` with the arguments. pip itself and what it
builds with are pinned by constraints.txt.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path


HERE = Path(__file__).resolve().parent.parent
CONSTRAINTS = HERE / "constraints.txt"
OLDEST_PYTHON = (3, 10)
FAULTY_PYTHON = (3, 13, 0)
"""Its Pickler cannot do what Plone's versioning asks of it."""


def complaint(requirements):
    """Return why this Python cannot be used, or None if it can."""
    if sys.version_info < OLDEST_PYTHON:
        return "this is Python {}.{}, but {}.{} or newer is needed".format(
            *sys.version_info[:2], *OLDEST_PYTHON
        )
    if sys.version_info[:3] == FAULTY_PYTHON and "Plone" in requirements:
        return "Plone does not run on Python 3.13.0, but on 3.13.1 and later"
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        return (
            "this Python cannot make virtual environments; "
            "on Debian and Ubuntu: apt-get install python3-venv"
        )
    return None


def python_of(directory):
    """Return the Python executable of a virtual environment."""
    folder = "Scripts" if sys.platform == "win32" else "bin"
    return Path(directory) / folder / "python"


def is_usable(directory):
    """Whether a virtual environment is there and of this Python version."""
    python = python_of(directory)
    if not python.exists():
        return False
    version = "import sys; print(*sys.version_info[:2])"
    answer = subprocess.run(
        [python, "-c", version], capture_output=True, text=True
    )
    return answer.stdout.split() == [str(n) for n in sys.version_info[:2]]


def pip_install(python, *arguments):
    """Run pip in a virtual environment."""
    quiet = ("--quiet", "--disable-pip-version-check")
    subprocess.run(
        [python, "-m", "pip", "install", *quiet, *arguments],
        check=True,
        # setuptools warns about each editable installation
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


def make_environment(directory, *arguments):
    """Make a virtual environment, and return its Python executable."""
    python = python_of(directory)
    if not is_usable(directory):
        subprocess.run(
            [sys.executable, "-m", "venv", "--clear", directory], check=True
        )
    pip_install(python, "-c", CONSTRAINTS, "pip", "setuptools", "wheel")
    pip_install(python, "--build-constraint", CONSTRAINTS, *arguments)
    return python


def main(directory, *arguments):
    problem = complaint(arguments)
    if problem is not None:
        return f"{sys.executable}: {problem}. Choose another: PYTHON=..."
    print(f"Installing into {directory}: this takes minutes.", flush=True)
    try:
        make_environment(directory, *arguments)
    except subprocess.CalledProcessError as failed:
        return f"Not installed: {' '.join(map(str, failed.cmd[:4]))} failed."
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
