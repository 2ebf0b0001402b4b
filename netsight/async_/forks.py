"""What a forked child makes anew, to be a worker of its own.

A server for several processes may import the package and then fork: the locks
of its threads, which do not come along, would be held for ever in the child.
"""

import os


def in_forked_child(function):
    """Have a function called in each process that this one forks.

    Before anything else happens there.  Where the system has no fork, nothing
    is to be done.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)


def renew_in_child(thing):
    """Have an object begin anew in each process that this one forks.

    It stays the same object, so whoever refers to it need not know; it is as
    new as if it had just been made without arguments, locks and all.
    """
    in_forked_child(thing.__init__)
