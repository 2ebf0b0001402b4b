"""The process that a request asks for.

A client of ZEO hears of a commit a moment after the client that has made it.
With ``server-sync`` each transaction begins with a question to the server, so
that it sees what was committed before; but where a server reads messages of
several clients at once and a slow one is among them, its answer may come
before the news (ZEO 6.2: findings/zeo-server-sync.sh).  A visitor who has
started a process at one Zope may be led to another by then.  Without that
option it is so with one in a hundred.
"""

import time

from transaction.interfaces import TransientError

from netsight.async_.exceptions import NoSuchProcessError
from netsight.async_.records.database import get_process
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.records.ids import is_young


PAUSES = (0.0, 0.02, 0.1)
"""Seconds before each look whether a process is there after all."""


class NotSeenYet(TransientError):
    """A process is there that the transaction of a request does not see."""


def asked_process(root, process_id, request):
    """Return the IProcess with that id, as the open transaction sees it.

    Raises NoSuchProcessError if there is none.  If it was started so lately
    that a new transaction sees it, while this does not, it raises NotSeenYet:
    Zope repeats the request then.
    """
    try:
        return get_process(root, process_id)
    except NoSuchProcessError as exc:
        may_come = is_young(process_id) and request.supports_retry()
        if may_come and _has_come(process_id):
            raise NotSeenYet(process_id) from exc
        raise


def _has_come(process_id):
    for seconds in PAUSES:
        time.sleep(seconds)
        if transact("look", _is_there, process_id):
            return True
    return False


def _is_there(root, process_id):
    return query_registry(root).get(process_id) is not None
