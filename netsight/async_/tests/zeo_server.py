"""A ZEO server, which several `ZopeServer`s can have as their database."""

from netsight.async_.tests.instance import BLOBS
from netsight.async_.tests.local_http import HOST
from netsight.async_.tests.local_http import is_open
from netsight.async_.tests.server_process import ServerProcess


ZEO_CONF = f"""\
%define DIRECTORY {{directory}}

<zeo>
  address {{host}}:{{port}}
  pid-filename $DIRECTORY/var/zeo.pid
</zeo>

<blobstorage 1>
  blob-dir $DIRECTORY/{BLOBS}
  <filestorage>
    path $DIRECTORY/var/Data.fs
  </filestorage>
</blobstorage>

<eventlog>
  <logfile>
    path STDERR
  </logfile>
</eventlog>
"""

CLIENT = """\
  %import ZEO
  <clientstorage>
    server {host}:{port}
    shared-blob-dir true
    blob-dir {blobs}
    server-sync {server_sync}
  </clientstorage>
"""


class ZeoServer(ServerProcess):
    """Holds Data.fs and the blobs, in `directory`.

    With `server_sync` each request of a Zope sees what any other has
    committed; without it, some are a moment late.
    """

    name = "zeo"

    def __init__(self, directory, server_sync=True):
        super().__init__(directory)
        self.server_sync = server_sync
        self.blobs.mkdir(mode=0o700)
        conf = ZEO_CONF.format(
            directory=self.directory, host=HOST, port=self.port
        )
        self.conf_path.write_text(conf)

    @property
    def conf_path(self):
        return self.directory / "etc" / "zeo.conf"

    @property
    def storage(self):
        """The section of zope.conf by which a Zope uses this server."""
        return CLIENT.format(
            host=HOST,
            port=self.port,
            blobs=self.blobs,
            server_sync=str(self.server_sync).lower(),
        )

    def arguments(self):
        return "-m", "ZEO.runzeo", "-C", self.conf_path

    def answers(self):
        return is_open(self.port)
