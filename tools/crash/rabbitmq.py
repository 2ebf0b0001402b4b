"""A virtual host of its own in the RabbitMQ of this machine."""

import shutil
import subprocess

from netsight.async_.tests.cluster.services import PORTS
from netsight.async_.tests.cluster.services import fresh_name
from netsight.async_.tests.cluster.services import missing
from netsight.async_.tests.cluster.services import need
from netsight.async_.tests.local_http import HOST


USER = "guest"


class RabbitMQ:
    """Needs `rabbitmqctl`, and to be the user whom it obeys."""

    def __init__(self):
        self._name = None

    @property
    def url(self):
        return f"amqp://{USER}:{USER}@{HOST}:{PORTS['RabbitMQ']}/{self._name}"

    def start(self):
        """Make it, empty."""
        need("RabbitMQ")
        if shutil.which("rabbitmqctl") is None:
            missing("rabbitmqctl is not installed")
        self._name = fresh_name()
        control("add_vhost", self._name)
        control("set_permissions", "-p", self._name, USER, ".*", ".*", ".*")

    def cut(self):
        """End all connections, and with them their channels."""
        control("close_all_connections", "-p", self._name, "a crash test")

    def kill(self):
        """Delete it, with all messages that it has."""
        if self._name is not None:
            control("delete_vhost", self._name)
            self._name = None


def control(*arguments):
    subprocess.run(["rabbitmqctl", "--quiet", *arguments], check=True)
