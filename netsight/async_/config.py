"""Fixed ids, and every setting with its unit, default and check.

A setting is read from the environment (``NETSIGHT_ASYNC_THREADS``), else from
``<product-config netsight.async>`` in zope.conf (``threads``), else it has its
default.
"""

import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from functools import lru_cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from netsight.async_.exceptions import SettingError
from netsight.async_.interfaces import IExecutor


PROCESS_REGISTRY_ID = "netsight_async_process_registry"
PROCESS_REGISTRY_TYPE = "netsight.async Process Registry"
MANAGE_PROCESSES = "netsight.async: Manage processes"
"""Whoever has it may do all that the others below allow, and more."""

VIEW_PROCESSES = "netsight.async: View processes"
CONTROL_PROCESSES = "netsight.async: Control processes"
REMOVE_PROCESSES = "netsight.async: Remove processes"
PAUSE_QUEUES = "netsight.async: Pause queues"

PRODUCT = "netsight.async"
ENVIRONMENT_PREFIX = "NETSIGHT_ASYNC_"

CELERY_ZOPE_CONF = "NETSIGHT_ASYNC_ZOPE_CONF"
"""Environment variable of Celery workers: the path of their zope.conf."""

RECORD_FORMAT = 1
"""Counted up when older code cannot read any more what is stored of a process.

`Process.format` has it for each record, and stays where it is.
"""

DEFAULT_QUEUE = "default"
"""Where processes wait whose view names no other queue."""

QUEUED_MOST = 1_000_000_000
"""The highest limit that can be set for what waits."""

QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,50}")


def whole_number(low, high):
    """Return a parser of whole numbers from `low` to `high`."""

    def parse(text):
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    parse.expects = f"a whole number from {low} to {high}"
    return parse


def one_of(*words):
    """Return a parser that takes one of `words`."""

    def parse(text):
        if text not in words:
            raise ValueError(text)
        return text

    parse.expects = "one of " + ", ".join(words)
    return parse


def names(text):
    """Return a tuple of the names in `text`, parted by spaces or commas."""
    return tuple(text.replace(",", " ").split())


names.expects = "names parted by spaces"


def queue_name(text):
    """Return `text` if it can name a queue; raises ValueError."""
    if not QUEUE_NAME.fullmatch(text):
        raise ValueError(text)
    return text


queue_name.expects = "a name of up to 50 letters, digits, - and _"


def deployment_name(text):
    """Return `text` if it is empty or can name a deployment, or ValueError."""
    return text and queue_name(text)


deployment_name.expects = queue_name.expects


def queue_names(text):
    """Return a tuple of the names of queues in `text`."""
    return tuple(queue_name(name) for name in names(text))


queue_names.expects = (
    "names of up to 50 letters, digits, - and _, parted by spaces"
)


LOGIN_HEADERS = ("HTTP_AUTHORIZATION", "HTTP_COOKIE")
"""Never stored; the setting `cookies` puts some of the cookies back."""


def header_names(text):
    """Return a tuple of the names of headers in `text`, as in WSGI's environ.

    Raises ValueError for one of LOGIN_HEADERS.
    """
    headers = tuple(
        "HTTP_" + name.upper().replace("-", "_") for name in names(text)
    )
    if set(headers) & set(LOGIN_HEADERS):
        raise ValueError(text)
    return headers


header_names.expects = (
    "names of headers, without Authorization and Cookie, parted by spaces"
)


DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(url):
    """Return scheme, host and any odd port of a URL, as one text.

    Raises ValueError for a URL that has none, or somebody's name before it.
    """
    parts = urlsplit(url)
    default = DEFAULT_PORTS.get(parts.scheme)
    if default is None or not parts.hostname or "@" in parts.netloc:
        raise ValueError(url)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


ADDRESS = re.compile(r"[^\s@,;<>()\"\\]{1,64}@[^\s@,;<>()\"\\]{1,255}")
"""One address of mail, and nothing that makes more of it in a header."""


def addresses(text):
    """Return a tuple of the addresses of mail in `text`, or ValueError."""
    if not all(map(ADDRESS.fullmatch, names(text))):
        raise ValueError(text)
    return names(text)


addresses.expects = "addresses of mail, parted by spaces"


def origins(text):
    """Return a tuple of the origins in `text`; raises ValueError."""
    urls = names(text)
    if not all(
        re.fullmatch("[a-z]+://[^/?#]+/?", each, re.I) for each in urls
    ):
        raise ValueError(text)
    return tuple(map(origin_of, urls))


origins.expects = (
    "addresses as https://www.example.org, without a path, parted by spaces"
)


@dataclass(frozen=True)
class Setting:
    """One line of the table below."""

    name: str
    default: str
    parse: Callable[[str], Any]
    meaning: str

    @cached_property
    def variable(self):
        return ENVIRONMENT_PREFIX + self.name.upper().replace("-", "_")

    @cached_property
    def key(self):
        """That name as `os.environ` keeps it."""
        return os.environ.encodekey(self.variable)


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            "executor",
            "thread",
            one_of("thread", "inline", "none", "celery"),
            "Who runs processes: threads of this Zope, the starting request "
            "itself, which then waits (for tests and debugging), none in "
            "this Zope, or workers of Celery.",
        ),
        Setting(
            "threads",
            "4",
            whole_number(1, 64),
            "How many processes run at once in one Zope.",
        ),
        Setting(
            "queues",
            "",
            queue_names,
            "The queues whose processes this Zope runs; without any, all.",
        ),
        Setting(
            "poll-seconds",
            "1",
            whole_number(0, 3600),
            "How often a Zope that runs processes looks for those that "
            "another one has queued, in seconds.  With 0 only each beat.",
        ),
        Setting(
            "beat-seconds",
            "15",
            whole_number(1, 3600),
            "How often a worker that runs processes tells that it lives, in "
            "seconds.",
        ),
        Setting(
            "lease-seconds",
            "60",
            whole_number(2, 24 * 3600),
            "A worker that was not heard of for so many seconds is dead. At "
            "least twice beat-seconds.",
        ),
        Setting(
            "stop-seconds",
            "20",
            whole_number(0, 3600),
            "How long a Zope that is stopped waits for its running processes, "
            "in seconds.",
        ),
        Setting(
            "max-queued",
            "10000",
            whole_number(0, QUEUED_MOST),
            "How many processes may wait in a database; with 0, any number.",
        ),
        Setting(
            "max-queued-user",
            "1000",
            whole_number(0, QUEUED_MOST),
            "How many processes of one user may wait; with 0, any number.",
        ),
        Setting(
            "max-queued-anonymous",
            "100",
            whole_number(0, QUEUED_MOST),
            "How many processes of all anonymous visitors together may wait; "
            "with 0, any number.",
        ),
        Setting(
            "silent-minutes",
            "10",
            whole_number(0, 7 * 24 * 60),
            "A process that has told nothing for so many minutes is named as "
            "silent; with 0, none is.",
        ),
        Setting(
            "conflict-retries",
            "10",
            whole_number(0, 1000),
            "How often a process that conflicts is begun anew before it has "
            "failed.",
        ),
        Setting(
            "keep-result",
            "600",
            whole_number(0, 366 * 24 * 3600),
            "How long a result can be fetched again after the first time, in "
            "seconds.",
        ),
        Setting(
            "keep-days",
            "7",
            whole_number(1, 3660),
            "How long other ended processes are kept, in days.",
        ),
        Setting(
            "keep-request-hours",
            "24",
            whole_number(0, 366 * 24),
            "How long the request of a process without a result is kept, so "
            "that it can be run again, in hours.",
        ),
        Setting(
            "origins",
            "",
            origins,
            "Where visitors reach the sites of this Zope, as "
            "https://www.example.org.  Events tell of no other address.",
        ),
        Setting(
            "mail",
            "asked",
            one_of("asked", "long", "always"),
            "When owners are mailed that their process has ended: when they "
            "have asked for it, when it took long and they have not seen it, "
            "or always.",
        ),
        Setting(
            "mail-minutes",
            "5",
            whole_number(0, 7 * 24 * 60),
            "What takes so many minutes takes long, for the setting mail.",
        ),
        Setting(
            "mail-failures",
            "",
            addresses,
            "Whom to mail of processes that failed or were lost.",
        ),
        Setting(
            "database",
            "",
            str,
            "Name of a <zodb_db> in zope.conf that holds all records, so that "
            "they do not fill the main one. Without it, the main one does.",
        ),
        Setting(
            "deployment",
            "",
            deployment_name,
            "Name of this installation, as production or staging.  What was "
            "queued under another one, in the database that this one is a "
            "copy of, is held.",
        ),
        Setting(
            "celery-broker",
            "",
            str,
            "URL of the broker that Celery uses.",
        ),
        Setting(
            "celery-prefix",
            "netsight-async",
            queue_name,
            "What the names of our queues in the broker begin with, before a "
            "dot.",
        ),
        Setting(
            "cookies",
            "I18N_LANGUAGE",
            names,
            "Cookies that a process sees.  All others stay with the browser: "
            "a cookie that logs in must not be named here.",
        ),
        Setting(
            "headers",
            "",
            header_names,
            "Headers that a process sees beside the usual ones.  They are "
            "stored: one that tells who somebody is must not be named here.",
        ),
    )
}


def _from_environment(setting):
    # `os.environ.get` takes ten times as long for what is not there, and a
    # start asks for a dozen settings.
    value = os.environ._data.get(setting.key)
    return None if value is None else os.environ.decodevalue(value)


def _from_zope_conf():
    # It is not loaded here: records are loaded by ZEO servers, too, which have
    # no zope.conf.
    zope = sys.modules.get("App.config")
    if zope is None:
        return {}
    products = getattr(zope.getConfiguration(), "product_config", None) or {}
    return products.get(PRODUCT, {})


@lru_cache(maxsize=200)
def _parsed(name, text):
    """Return the value of a text; a setting is asked for often."""
    return SETTINGS[name].parse(text.strip())


def get(name):
    """Return the value of the setting `name`.

    Raises KeyError for an unknown name, SettingError for a bad value.
    """
    setting = SETTINGS[name]
    text, place = _from_environment(setting), "environment"
    if text is None:
        text, place = (
            _from_zope_conf().get(name),
            f"<product-config {PRODUCT}>",
        )
    if text is None:
        text, place = setting.default, "default"
    try:
        return _parsed(name, text)
    except ValueError as exc:
        raise SettingError(
            f"netsight.async: {name} = {text!r} ({place}) is not "
            f"{setting.parse.expects}."
        ) from exc


def has_known_origin(url):
    """Tell whether the setting `origins` names the host of a URL.

    Else any visitor may have given it, in the header Host.
    """
    known = get("origins")
    with suppress(ValueError):
        return bool(known) and origin_of(url) in known
    return False


def _is_there(executor):
    component = import_module("zope.component")
    return component.queryUtility(IExecutor, name=executor) is not None


def validate(event=None):
    """Check all settings; raises SettingError.  Called when Zope starts."""
    for key in _from_zope_conf():
        if key not in SETTINGS:
            raise SettingError(
                f"netsight.async: unknown setting {key!r} in "
                f"<product-config {PRODUCT}>; known are "
                f"{', '.join(sorted(SETTINGS))}."
            )
    for name in SETTINGS:
        get(name)
    executor = get("executor")
    if event is not None and not _is_there(executor):
        raise SettingError(
            f"netsight.async: the executor {executor} is not there; the "
            f"package {executor} is not installed: "
            f"pip install netsight.async[{executor}]"
        )
    if executor == "celery" and not get("celery-broker"):
        raise SettingError(
            "netsight.async: the executor celery needs celery-broker, the "
            "URL of its broker."
        )
    database = get("database")
    if event is not None and database not in ("", *event.database.databases):
        raise SettingError(
            f"netsight.async: there is no <zodb_db {database}> in zope.conf."
        )
    if get("lease-seconds") < 2 * get("beat-seconds"):
        raise SettingError(
            "netsight.async: lease-seconds must be at least twice "
            "beat-seconds, or a worker that lives would pass for dead."
        )
