"""The configuration of a small Zope, as tests and tools write it.

Needs only Python.
"""

import sys
from pathlib import Path

from netsight.async_.tests.local_http import HOST


BLOBS = "var/blobstorage"

ZOPE_CONF = """\
%define INSTANCE {directory}
instancehome $INSTANCE

<zodb_db main>
{storage}  mount-point /
</zodb_db>
"""

FILE_STORAGE = f"""\
  <blobstorage>
    blob-dir $INSTANCE/{BLOBS}
    <filestorage>
      path $INSTANCE/var/Data.fs
    </filestorage>
  </blobstorage>
"""

ZOPE_INI = """\
[app:zope]
use = egg:Zope#main
zope_conf = %(here)s/zope.conf

[pipeline:main]
pipeline = {filters} zope

[server:main]
use = egg:waitress#main
host = {host}
port = {port}
threads = 4

{logging}"""

FILTERS = "egg:Zope#httpexceptions"

LOGGING = """\
[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = long

[logger_root]
level = INFO
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = long

[formatter_long]
format = %(asctime)s %(levelname)s [%(name)s][%(threadName)s] %(message)s
"""

ZOPE_SITE = """\
<configure xmlns="http://namespaces.zope.org/zope">
  <include package="Zope2.App" />
  <include package="Products.PageTemplates" />
  <include package="netsight.async" />
{includes}
</configure>
"""

PLONE_SITE = """\
<configure
    xmlns="http://namespaces.zope.org/zope"
    xmlns:five="http://namespaces.zope.org/five">
  <include package="Zope2.App" />
  <five:loadProducts file="meta.zcml" />
  <five:loadProducts />
{includes}
  <five:loadProductsOverrides />
</configure>
"""
"""Plone's autoinclude finds netsight.async by itself, but not its examples."""


def zope_site(*includes):
    """Return site.zcml of a Zope without Plone; see `include`."""
    return ZOPE_SITE.format(includes="\n".join(includes))


def plone_site(*includes):
    """Return site.zcml of a Zope with Plone; see `include`."""
    return PLONE_SITE.format(includes="\n".join(includes))


def include(package, file="configure.zcml"):
    """Return ZCML that includes a file of a package."""
    return f'  <include package="{package}" file="{file}" />'


def write_instance(
    directory,
    port,
    site_zcml,
    storage=FILE_STORAGE,
    filters=FILTERS,
    logging=LOGGING,
):
    """Write the configuration of a Zope that serves on a port.

    Its folders are made where they are missing.  `storage` is a section of
    zope.conf, `filters` are those of WSGI, from the outermost to the
    innermost, and `logging` is the rest of zope.ini.
    """
    etc = Path(directory) / "etc"
    etc.mkdir(parents=True, exist_ok=True)
    (etc.parent / "var").mkdir(exist_ok=True)
    (etc.parent / BLOBS).mkdir(mode=0o700, exist_ok=True)
    conf = ZOPE_CONF.format(directory=directory, storage=storage)
    ini = ZOPE_INI.format(
        filters=filters, host=HOST, port=port, logging=logging
    )
    (etc / "zope.conf").write_text(conf)
    (etc / "zope.ini").write_text(ini)
    (etc / "site.zcml").write_text(site_zcml)


def zconsole(conf_path, script):
    """Return the command that runs a script with the application `app`."""
    program = "Zope2.utilities.zconsole"
    return [sys.executable, "-m", program, "run", conf_path, script]
