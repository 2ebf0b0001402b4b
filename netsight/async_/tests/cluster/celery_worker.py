"""A worker of Celery in a process of its own."""

import os
import re

from netsight.async_.tests.zope_server import ZopeServer


class CeleryWorker(ZopeServer):
    """The parent, its children, and their Zopes, in `directory`."""

    name = "celery"

    def __init__(self, directory, storage, children=2, options=()):
        super().__init__(directory, storage)
        self.children = children
        self.options = options

    def arguments(self):
        return (
            *("-m", "celery", "-A", "netsight.async_.executors.celery"),
            *("worker", "--loglevel", "INFO", "--without-mingle"),
            *("--concurrency", str(self.children)),
            *("--hostname", f"{self.directory.name}@%h"),
            *self.options,
        )

    def launch(self, **environ):
        conf = {"NETSIGHT_ASYNC_ZOPE_CONF": str(self.conf_path)}
        super().launch(**{**conf, **environ})

    def answers(self):
        zopes = self.new_log.count("Ready to handle requests")
        return zopes >= self.children and " ready." in self.new_log

    def signal_child(self, pid, number):
        """Send a signal to a child of this worker."""
        if pid not in self.child_pids():
            raise AssertionError(f"{pid} is no child of {self.os_process.pid}")
        os.kill(pid, number)

    def child_pids(self):
        """Return the process ids of the children that are there now."""
        pid = self.os_process.pid
        path = f"/proc/{pid}/task/{pid}/children"
        with open(path) as file:
            return [int(pid) for pid in re.findall(r"\d+", file.read())]
