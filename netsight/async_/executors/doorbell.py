"""The executor of this Zope, and how it learns of what is queued."""

import transaction
from zope.component import getUtility
from zope.component import queryUtility

from netsight.async_ import config
from netsight.async_.executors.scripts import is_script
from netsight.async_.interfaces import IBrokerExecutor
from netsight.async_.interfaces import IExecutor
from netsight.async_.records.lines import heads
from netsight.async_.records.queued import Queued


def get_executor():
    """Return the IExecutor of this Zope.

    It is the unnamed utility, if an add-on or test registered one, else the
    one with the name in the setting `executor`.
    """
    executor = queryUtility(IExecutor)
    if executor is None:
        executor = getUtility(IExecutor, name=config.get("executor"))
    return executor


def runs_here(executor):
    """Tell whether an IExecutor runs processes in this Zope."""
    return getattr(executor, "runs_here", False)


def ends_early(executor):
    """Tell whether an IExecutor cuts off what it runs when Python exits."""
    return getattr(executor, "ends_early", False)


def ring_after_commit(process):
    """Ring for a queued IProcess, if the current transaction is committed.

    What a script has queued it leaves to servers.  It rings for one in a
    paused queue, too, which is refused when it is claimed: a start need not
    load what is paused.
    """
    transaction.get().addAfterCommitHook(_ring, (Queued.of(process),))


def ring_all(queued):
    """Ring for all that is queued: a Queued of each, the oldest first.

    Those that stand behind another in their line cannot begin, nor those that
    it is too early for.
    """
    queued = heads([each for each in queued if each.is_due])
    executor = get_executor()
    if IBrokerExecutor.providedBy(executor):
        executor.remind(queued)
        return
    for each in queued:
        each.ring(executor)


def _ring(success, queued):
    if not success or not queued.is_due:
        # At the first beat of a server after that time it is rung for.
        return
    executor = get_executor()
    if not (ends_early(executor) and is_script()):
        queued.ring(executor)
