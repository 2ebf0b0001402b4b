"""What others have committed, as soon as a storage tells.

A server of ZEO tells each client which objects have changed.  Where a storage
tells nothing by itself, as RelStorage, it is asked for some time after it had
something to tell; that opens no transaction of the ZODB.
"""

import math
import time
from collections import deque
from typing import NamedTuple

from ZODB.interfaces import IMVCCStorage
from ZODB.interfaces import IStorageWrapper
from ZODB.mvccadapter import MVCCAdapter
from zope.interface import implementer


ASK_SECONDS = 0.1
"""How often a storage is asked that tells nothing by itself."""

ASKED_SECONDS = 300.0
"""For so long after it had something to tell."""

KEPT_MOST = 1000
"""So many transactions are kept until somebody takes them, the newest."""


class Committed(NamedTuple):
    """A transaction of another client that somebody wants to know of."""

    is_start: bool
    """Whether something may have been queued by it; else claimed."""

    is_split: bool
    """Whether the next start may change other objects than those watched."""

    tid: bytes | None
    """None if it may be any number of transactions."""

    oids: frozenset
    """What it has changed or made."""

    time: float
    """When it was heard of, by the monotonic clock."""


def anything():
    """Return a Committed for whatever may have been committed by now."""
    return Committed(True, True, None, frozenset(), time.monotonic())


class ToldNews:
    """What a storage tells by itself."""

    seconds = math.inf
    """After so many it is to be asked again."""

    def __init__(self, wake):
        self._wake = wake
        self._nodes = None
        self._claims = frozenset()
        self._committed = deque(maxlen=KEPT_MOST)

    def watch(self, nodes, claims):
        """Want to know of transactions that change one of these objects.

        Starts change one of the Nodes; `claims` is a frozenset of oids of
        which claims change one.  Before it is known, any may be a start.
        """
        self._nodes, self._claims = nodes, claims

    def take(self):
        """Return a list of Committed, those that are new."""
        committed = self._committed
        return [committed.popleft() for _each in range(len(committed))]

    def has_claim_of(self, oids, since):
        """Tell whether something of a frozenset of oids is claimed by those.

        After the monotonic time `since`; from any thread.  They stay there to
        be taken.
        """
        return any(
            not each.is_start
            and each.time > since
            and not oids.isdisjoint(each.oids)
            for each in self._committed.copy()
        )

    def tell(self, tid, oids):
        """Note a transaction of another client.

        The thread that calls this is that of the network, for which all
        others wait: so nothing is loaded, and nobody is waited for.
        """
        oids, nodes = frozenset(oids), self._nodes
        is_split = nodes is None or not oids.isdisjoint(nodes.inner)
        is_start = is_split or not oids.isdisjoint(nodes.leaves)
        if is_start or not oids.isdisjoint(self._claims):
            now = time.monotonic()
            self._committed.append(
                Committed(is_start, is_split, tid, oids, now)
            )
        if is_start:
            self._wake()

    def tell_anything(self):
        """Note that anything may have been committed."""
        self._committed.append(anything())
        self._wake()

    def close(self):
        """Nothing to do."""


@implementer(IStorageWrapper)
class Listener:
    """Stands before what a storage tells of changes, and listens.

    `wrapped` is the IStorageWrapper that it had, which is told first.
    """

    def __init__(self, wrapped, news):
        self._wrapped = wrapped
        self._news = news

    def __getattr__(self, name):
        return getattr(self._wrapped, name)

    def invalidate(self, transaction_id, oids, version=""):
        self._wrapped.invalidate(transaction_id, oids)
        self._news.tell(transaction_id, oids)

    def invalidateCache(self):
        self._wrapped.invalidateCache()
        self._news.tell_anything()


class AskedNews:
    """What a storage tells that is asked."""

    def __init__(self, storage):
        self._storage = storage
        self._instance = None
        self._nodes = None
        self._asked_until = -math.inf

    @property
    def seconds(self):
        """After so many it is to be asked again."""
        is_quiet = time.monotonic() > self._asked_until
        return math.inf if is_quiet else ASK_SECONDS

    def watch(self, nodes, claims):
        """Do what that of ToldNews does; claims are not told of."""
        self._nodes = nodes

    def take(self):
        """Return a list of Committed, of one or none.

        Raises what the storage raises that is away.
        """
        try:
            oids = self._ask()
        except BaseException:
            # The next one is a new one: who knows what this has left.
            self.close()
            raise
        if not self._may_have_starts(oids):
            return []
        self._asked_until = time.monotonic() + ASKED_SECONDS
        return [anything()]

    def _may_have_starts(self, oids):
        if oids is None or self._nodes is None:
            return True
        return any(not each.isdisjoint(oids) for each in self._nodes)

    def _ask(self):
        """Return what has changed since the last time; None is anything."""
        if self._instance is None:
            self._instance = self._storage.new_instance()
        self._instance.sync()
        oids = self._instance.poll_invalidations()
        # Its session must not be idle in a transaction meanwhile.
        getattr(self._instance, "afterCompletion", lambda: None)()
        return oids

    def has_claim_of(self, oids, since):
        """Return False; nobody tells."""
        return False

    def close(self):
        """Give back what is kept to ask by."""
        instance, self._instance = self._instance, None
        if instance is not None:
            instance.release()


def news_of(database, wake):
    """Return ToldNews or AskedNews of a ZODB.DB; None if there are none.

    `wake` is called without arguments, from any thread, when there are some.
    """
    storage = database.storage
    if IMVCCStorage.providedBy(storage):
        return AskedNews(storage)
    # There is no public way to what ZODB itself has registered.
    wrapped = getattr(database, "_mvcc_storage", None)
    if not isinstance(wrapped, MVCCAdapter):
        return None
    news = ToldNews(wake)
    storage.registerDB(Listener(wrapped, news))
    return news
