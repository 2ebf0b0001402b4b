"""A Zope that gunicorn serves, in a process of its own or in several."""

from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.zope_server import ZopeServer


class GunicornServer(ZopeServer):
    """One instance; each of its `workers` is a Zope of its own."""

    name = "gunicorn"

    workers = 1

    def arguments(self):
        return (
            *("-m", "gunicorn", "--paste", self.ini_path),
            *("--bind", f"{HOST}:{self.port}"),
            *("--workers", str(self.workers), "--threads", "4"),
        )
