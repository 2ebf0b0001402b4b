"""A worker without a web server, in a process of its own."""

from netsight.async_.tests.zope_server import ZopeServer


class WorkerProcess(ZopeServer):
    """Runs what Zopes with the same ZeoServer have queued.

    It speaks no HTTP, so only its log and the Zopes tell of it.
    """

    name = "worker"

    options = ()

    def arguments(self):
        return (
            "-m",
            "netsight.async_.serving.worker",
            self.conf_path,
            *self.options,
        )

    def answers(self):
        return "netsight.async_.serving.worker" in self.new_log

    @property
    def worker_pid(self):
        """The number of the process, as the name of its worker has it."""
        return str(self.os_process.pid)
