"""Times and durations as text."""

import time
from datetime import datetime

from DateTime import DateTime
from zope.component import getMultiAdapter
from zope.i18n.locales import locales


def local_time(context, request, when):
    """Return a POSIX time as the site, or else the language, writes it.

    None for None.
    """
    if when is None:
        return None
    if hasattr(context, "translation_service"):
        plone = getMultiAdapter((context, request), name="plone")
        return plone.toLocalizedTime(DateTime(when), long_format=True)
    locale = request.locale
    if locale.id.language is None:
        # The browser names no language.
        locale = locales.getLocale("en")
    formatter = locale.dates.getFormatter("dateTime", "medium")
    return formatter.format(datetime.fromtimestamp(when))


def zoned_time(context, request, when):
    """Return the same with the name of its time zone, which is the server's.

    For pages that are read without a script, which would write it in the time
    zone of the visitor.
    """
    if when is None:
        return None
    zone = time.strftime("%Z", time.localtime(when))
    return f"{local_time(context, request, when)} ({zone})"


def clock(seconds, with_hours=False):
    """Return seconds as text that needs no language.

    Hours are there if there are any, or `with_hours`.

    >>> clock(65), clock(3665), clock(65, with_hours=True)
    ('1:05', '1:01:05', '0:01:05')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours or with_hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"


def duration(seconds):
    """Return seconds as lists show them, in columns: "0:01:05"."""
    return clock(seconds, with_hours=True)


def ago(when):
    """Return how long ago a POSIX time is, as `duration`."""
    return duration(max(0, time.time() - when))
