"""Serve a Zope 2.13 with netsight.async 1.1.1: serve.py DIRECTORY PORT."""

import os
import sys

from bench_1_1 import cmfcore


CONF = """\
%%define INSTANCE %(directory)s
instancehome $INSTANCE
zserver-threads 4
debug-mode off
<http-server>
  address 127.0.0.1:%(port)s
</http-server>
<zodb_db main>
  <filestorage>
    path $INSTANCE/var/Data.fs
  </filestorage>
  mount-point /
</zodb_db>
"""

SITE = """\
<configure xmlns="http://namespaces.zope.org/zope"
           xmlns:meta="http://namespaces.zope.org/meta"
           xmlns:five="http://namespaces.zope.org/five">
  <include package="Products.Five" />
  <meta:redefinePermission from="zope2.Public" to="zope.Public" />
  <five:loadProducts file="meta.zcml" />
  <five:loadProducts />
  <include package="bench_1_1" />
  <five:loadProductsOverrides />
</configure>
"""


def main(directory, port):
    cmfcore.install()
    etc = os.path.join(directory, "etc")
    conf = os.path.join(etc, "zope.conf")
    with open(conf, "w") as out:
        out.write(CONF % {"directory": directory, "port": port})
    with open(os.path.join(etc, "site.zcml"), "w") as out:
        out.write(SITE)
    sys.argv[1:] = ["-C", conf]
    import Zope2.Startup
    from Zope2.Startup.run import run

    # In a container all is root's.
    Zope2.Startup.dropPrivileges = lambda configuration: None
    run()


if __name__ == "__main__":
    main(*sys.argv[1:])
