"""Run `make test-zope` with every supported Python that is found here.

    python3 tools/pythons.py [VERSION...]

Or with those that are named.  Looks on the PATH and among pyenv's versions;
says which it did not find.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path


VERSIONS = ("3.10", "3.11", "3.12", "3.13")


def candidates(version):
    """Yield executables that may be a Python of a version."""
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for folder in sorted(pyenv.glob(f"versions/{version}.*"), reverse=True):
        yield str(folder / "bin" / f"python{version}")


def find(version, but=None):
    """Return an executable that is a Python of a version, or None.

    `but`, such as (3, 13, 0), is not taken.
    """
    code = "import sys; print(*sys.version_info[:3])"
    for python in candidates(version):
        # what pyenv puts on the PATH runs only where it is switched on
        answer = subprocess.run(
            [python, "-c", code], capture_output=True, text=True
        )
        found = tuple(map(int, answer.stdout.split()))
        if "{}.{}".format(*found[:2] or (0, 0)) == version and found != but:
            return python
    return None


def main(versions):
    running = "{}.{}".format(*sys.version_info[:2])
    failed = []
    for version in versions or VERSIONS:
        python = find(version)
        if version == running:
            print(f"==== Python {version} is the one of `make test`")
        elif python is None:
            print(f"==== Python {version} is not here: skipped")
        else:
            print(f"==== Python {version}: {python}", flush=True)
            command = ["make", "test-zope", f"PYTHON={python}", "MEASURE="]
            if subprocess.run(command).returncode:
                failed.append(version)
    if failed:
        return f"Failed with Python {', '.join(failed)}"
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
