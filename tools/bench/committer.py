"""One client that commits as fast as it can; prints how many commits it did.

    python committer.py ZOPE_CONF NUMBER SECONDS

Each commit writes one small object of its own, as a claim or an outcome does.
"""

import sys
import time

import transaction
from persistent import Persistent
from ZODB.POSException import ConflictError
from Zope2.Startup.handlers import handleWSGIConfig
from Zope2.Startup.options import ZopeWSGIOptions


class Record(Persistent):
    """Some hundred bytes."""

    text = ""


def main(conf, number, seconds):
    options = ZopeWSGIOptions(configfile=conf)()
    handleWSGIConfig(options.configroot, options.confighandlers)
    database = options.configroot.dbtab.getDatabase("/", is_root=1)
    connection = database.open()
    name = f"bench-{number}"
    while name not in connection.root():
        try:
            connection.root()[name] = Record()
            transaction.commit()
        except ConflictError:
            transaction.abort()
    record, count = connection.root()[name], 0
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        record.text = f"{count}" * 50
        transaction.commit()
        count += 1
    print(count, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
