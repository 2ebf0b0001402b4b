"""A server in a process of its own, for tests that kill it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from netsight.async_.tests.instance import BLOBS
from netsight.async_.tests.local_http import free_port
from netsight.async_.tests.waiting import READY_SECONDS
from netsight.async_.tests.waiting import wait_until


class ServerProcess:
    """Started, killed and stopped any number of times."""

    name = None
    """Of the program, for messages and the log."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.port = free_port()
        self.os_process = None
        self._log_start = 0
        (self.directory / "etc").mkdir(parents=True)
        (self.directory / "var").mkdir()

    @property
    def data(self):
        """Path of Data.fs, if it has one."""
        return self.directory / "var" / "Data.fs"

    @property
    def blobs(self):
        """Path of the blob directory, if it has one."""
        return self.directory / BLOBS

    @property
    def log_path(self):
        return self.directory / f"{self.name}.log"

    @property
    def log(self):
        """What all starts have logged."""
        return self.log_path.read_text(errors="replace")

    @property
    def new_log(self):
        """What the last start has logged."""
        return self.log[self._log_start :]

    def arguments(self):
        """Return what Python is started with."""
        raise NotImplementedError

    def answers(self):
        """Tell whether a client is answered."""
        raise NotImplementedError

    def launch(self, **environ):
        """Start it, with more `environ`; returns at once."""
        with self.log_path.open("ab") as log:
            self._log_start = len(self.log)
            self.os_process = subprocess.Popen(
                [sys.executable, *self.arguments()],
                cwd=self.directory,
                env={**os.environ, **environ},
                stdout=log,
                stderr=log,
            )

    def start(self, **environ):
        """Start it, with more `environ`; returns when it answers.

        Raises AssertionError if it does not.
        """
        self.launch(**environ)
        if not self.wait_ready() or self.has_ended():
            raise AssertionError(
                f"{self.name} did not start:\n{self.log[-4000:]}"
            )

    def wait_ready(self):
        """Wait until it answers or has ended; return False if neither is."""
        return wait_until(
            lambda: self.has_ended() or self.answers(), READY_SECONDS
        )

    def has_ended(self):
        return self.os_process is None or self.os_process.poll() is not None

    def kill(self):
        """SIGKILL it, and wait until it is gone."""
        if self.os_process is not None:
            self.os_process.kill()
            self.os_process.wait()

    def pause(self):
        """SIGSTOP it: it does nothing until `resume`."""
        self.os_process.send_signal(signal.SIGSTOP)

    def resume(self):
        """SIGCONT it."""
        self.os_process.send_signal(signal.SIGCONT)

    def terminate(self):
        """SIGTERM it."""
        self.os_process.send_signal(signal.SIGTERM)

    def wait(self, seconds):
        """Return the exit status; raises AssertionError if it runs on."""
        try:
            return self.os_process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} runs on after {seconds} s:\n{self.log[-4000:]}"
            ) from None
