"""Scripts: they use the database beside the servers, and run no processes.

A script ends when it has come to its end, and would cut off what it runs.
"""

import sys


ZCONSOLE = "Zope2.utilities.zconsole"


class Place:
    """What this process of the system is."""

    is_server = False
    """Whether it has begun to serve."""


this = Place()


def is_console():
    """Tell whether this is zconsole, which starts Zope as a server does."""
    main = getattr(_main(), "__spec__", None)
    return ZCONSOLE in sys.modules or getattr(main, "name", "") == ZCONSOLE


def is_script():
    """Tell whether this is zconsole, or ``bin/instance run`` and the like.

    That gives a script, or a prompt, the name `app` for the root of Zope.
    """
    return is_console() or (not this.is_server and hasattr(_main(), "app"))


def _main():
    return sys.modules["__main__"]
