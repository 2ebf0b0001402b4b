"""What is tried again later, and when: where another system is away."""

Error = type[Exception] | str
"""A class of exceptions, or its dotted name."""

TIMES_MOST = 100
"""So often may it be asked for."""

DELAY_MOST = 30 * 24 * 60 * 60
"""The longest delay in seconds."""


class Retry:
    """What to try again when it has failed, how often, and when.

    ``on`` is an exception, or a tuple of exceptions: classes, or their dotted
    names (str).  Subclasses count.  A run that raises one is rolled back, and
    begins anew after `first_delay` seconds; after each further one in twice
    the time of the one before, but `most_delay` seconds at most.  When that
    was done `times`, the process fails.

    Raises TypeError or ValueError for what it cannot be.
    """

    def __init__(
        self,
        on: Error | tuple[Error, ...],
        times: int = 3,
        first_delay: float = 60,
        most_delay: float = 3600,
    ) -> None:
        on = on if isinstance(on, tuple) and on else (on,)
        self._names = tuple(map(_name_of, on))
        _check_number("times", times, TIMES_MOST, (int,))
        for name, value in (
            ("first_delay", first_delay),
            ("most_delay", most_delay),
        ):
            _check_number(name, value, DELAY_MOST, (int, float))
        self._times = times
        self._first_delay = first_delay
        self._most_delay = most_delay

    @property
    def rule(self) -> tuple[tuple[str, ...], int, float, float]:
        """What is stored of it, a tuple for `delay_after`."""
        return (
            self._names,
            self._times,
            self._first_delay,
            self._most_delay,
        )


def delay_after(rule, exc, done):
    """Return after how many seconds to try again, or None for never.

    `rule` is that of a Retry or None, `exc` what a run has raised, and `done`
    (int) how often it was tried again before.
    """
    if rule is None:
        return None
    names, times, first, most = rule
    if done >= times or not names_of(exc).intersection(names):
        return None
    return min(first * 2**done, most)


def names_of(exc):
    """Return the set of dotted names of an exception's class and its bases."""
    return {_dotted(each) for each in type(exc).__mro__}


def _dotted(cls):
    return f"{cls.__module__}.{cls.__qualname__}"


def _name_of(error):
    if isinstance(error, type) and issubclass(error, Exception):
        return _dotted(error)
    if type(error) is str and error:
        # Those of Python need no module.
        return error if "." in error else f"builtins.{error}"
    raise TypeError(f"{error!r} is no exception, and no name of one")


def _check_number(name, value, most, types):
    if type(value) not in types:
        raise TypeError(f"{name} is {value!r}, which is no number for that")
    if not 0 < value <= most:
        raise ValueError(f"{name} is {value!r}; it may be {most} at most")
