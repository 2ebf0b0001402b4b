"""A Zope without a web server, which runs what others have queued.

It is a server in all but HTTP: it recovers, sweeps and polls, and stops in
order.  See `netsight.async_.serving.server`.
"""

import argparse
import logging
import os
import sys
import threading

import Zope2
from transaction.interfaces import TransientError
from zc.lockfile import LockError
from ZODB.POSException import StorageError
from Zope2.Startup.run import configure_wsgi

from netsight.async_ import config
from netsight.async_.executors.queues import is_served
from netsight.async_.interfaces import QUEUED
from netsight.async_.interfaces import RUNNING
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.lease import this_worker
from netsight.async_.running.failure import is_cut_off


logger = logging.getLogger("netsight.async_.serving.worker")

LOOK_SECONDS = 1.0
"""How often a worker that drains looks whether something is left."""

STORAGE_ERRORS = (TransientError, StorageError)
"""What storages raise that may be right again at the next look."""

LOG_FORMAT = "%(asctime)s %(levelname)s [%(name)s][%(threadName)s] %(message)s"

LOCKED = (
    "The database is a FileStorage that another process has opened. Workers "
    "beside a Zope need ZEO or RelStorage."
)


def main(arguments=None):
    """Run processes until SIGTERM or SIGINT: a console script.

    Returns the exit status, or what is wrong, as a text.
    """
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    try:
        _start_zope(options.zope_conf)
    except LockError:
        return LOCKED
    try:
        return _work(options.drain)
    except KeyboardInterrupt:
        logger.info("interrupted")
        return 0
    finally:
        # The first of them is our own stop.
        for database in Zope2.opened:
            database.close()


def _parser():
    parser = argparse.ArgumentParser(
        prog="netsight-async-worker",
        description="Run the processes that Zopes with the same database "
        "have queued. All else is set in zope.conf.",
    )
    parser.add_argument("zope_conf", help="path of zope.conf")
    parser.add_argument(
        "--drain",
        action="store_true",
        help="end when nothing is left in the queues that are run here",
    )
    return parser


def _start_zope(zope_conf):
    """Do what a WSGI server does; returns when our monitor serves."""
    starter = configure_wsgi(os.path.abspath(zope_conf))
    # After <environment> of zope.conf, which Zope may share with web servers.
    os.environ[config.SETTINGS["executor"].variable] = "thread"
    starter.prepare()


def _work(drain):
    """Let the threads work; return the exit status when all is drained."""
    logger.info(
        "worker %s runs on %s threads what is queued in: %s",
        this_worker(),
        config.get("threads"),
        " ".join(config.get("queues")) or "all queues",
    )
    never = threading.Event()
    try:
        while not never.wait(LOOK_SECONDS if drain else None):
            if _is_drained():
                logger.info("nothing is left to run")
                return 0
    except Exception:
        logger.exception("the look whether something is left failed")
        return 1


def _is_drained():
    """Tell whether nothing is left; False while the database is away."""
    try:
        return not transact("drain", _has_work)
    except Exception as exc:
        if isinstance(exc, STORAGE_ERRORS) or is_cut_off(exc):
            # The monitor has logged it.
            return False
        raise


def _has_work(root):
    """Tell whether something waits for this worker, or runs here."""
    registry = query_registry(root)
    active = registry.readable(registry.oldest_active_ids())
    return any(_is_mine(process) for process in active)


def _is_mine(process):
    if process.state == QUEUED:
        return is_served(process.queue) and process.may_begin
    worker = process.claim.worker
    return process.state == RUNNING and worker.name == this_worker()


if __name__ == "__main__":
    sys.exit(main())
