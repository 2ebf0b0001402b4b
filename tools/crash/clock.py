"""The time of day as one Zope sees it, which is set while it runs.

libfaketime would do that, but its 0.9.10, which Debian has, makes
`time.sleep` of Python 3.11 fail or never return.
"""

import struct
import subprocess
from pathlib import Path


SOURCE = Path(__file__).with_name("clock.c")
PATH = "CRASH_CLOCK"
"""Environment variable: the file by which the clock is set."""


class Clock:
    """A file, and a library to preload that reads it; needs a C compiler."""

    def __init__(self, directory):
        self._library = directory / "clock.so"
        self._file = directory / "clock"
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O", "-o", self._library, SOURCE],
            check=True,
        )
        self._file.write_bytes(struct.pack("q", 0))

    @property
    def environ(self):
        """What a program is started with that has this clock."""
        return {"LD_PRELOAD": str(self._library), PATH: str(self._file)}

    def set(self, seconds):
        """Let it be so many seconds ahead of the true one, from now on."""
        # In place: who runs has mapped this file.
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", seconds))
