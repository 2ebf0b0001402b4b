"""What monitoring asks: @@async-health, in JSON or for Prometheus.

And a board of Grafana for it.
"""

import json
from pathlib import Path

from Products.Five import BrowserView

from netsight.async_.answers.headers import no_store
from netsight.async_.answers.headers import vary
from netsight.async_.answers.negotiate import JSON
from netsight.async_.answers.negotiate import prefers
from netsight.async_.answers.programs import problem
from netsight.async_.i18n import _
from netsight.async_.queries import health_of
from netsight.async_.records.database import application_of
from netsight.async_.records.database import query_registry
from netsight.async_.records.statistics import BOUNDS
from netsight.async_.records.statistics import ENDS
from netsight.async_.records.statistics import statistics_of


BAD_FORMAT = _(
    "error_health_format",
    default="The format must be json, prometheus or grafana.",
)

METRICS = {
    "queued": "Processes that wait for a thread.",
    "oldest_queued_seconds": "How long the oldest of them has waited.",
    "running": "Processes that run.",
    "silent": "Of these, how many have told nothing for long.",
    "held": "Processes of another deployment, which are not run here.",
    "paused_queues": "Queues that somebody has paused.",
    "failed_last_hour": "Recent processes that failed within an hour.",
    "lost_last_hour": "Recent processes that were lost within an hour.",
    "workers_alive": "Zopes that run processes or have lately.",
}


ENDED = "Processes that have ended, by view and state."

DURATIONS = {
    "wait_seconds": "How long processes have waited, by view.",
    "run_seconds": "How long processes have run, by view.",
}
"""The histograms."""

BOARD = Path(__file__).parent / "grafana.json"
"""To be imported into Grafana; it asks for the source of its data."""

PREFIX = "netsight_async_"


def in_json(registry):
    """Return the health of a registry as JSON text."""
    return json.dumps(health_of(registry))


def for_prometheus(registry):
    """Return health and totals in the format of Prometheus, version 0.0.4."""
    health, total = health_of(registry), statistics_of(registry).total()
    lines = []
    for key, meaning in METRICS.items():
        lines += [*_head(key, "gauge", meaning), _line(key, health[key])]
    views = sorted(total.items())
    lines += _head("ended_total", "counter", ENDED)
    for view, numbers in views:
        lines += _ended(view, numbers)
    for key, meaning in DURATIONS.items():
        lines += _head(key, "histogram", meaning)
        for view, numbers in views:
            lines += _times(key, view, durations_of(numbers)[key])
    return "\n".join(lines) + "\n"


def _head(key, kind, meaning):
    name = f"{PREFIX}{key}"
    return [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]


def _line(key, value, **labels):
    pairs = ",".join(f'{k}="{_escaped(v)}"' for k, v in labels.items())
    return f"{PREFIX}{key}{f'{{{pairs}}}' if pairs else ''} {value}"


def _escaped(text):
    """Return the value of a label as the format wants it."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return text.replace("\n", "\\n")


def _ended(view, numbers):
    return [
        _line("ended_total", count, view=view, state=state)
        for state, count in zip(ENDS, numbers.ended, strict=True)
    ]


def durations_of(numbers):
    """Return {name of a histogram: Times} of some Numbers."""
    return {"wait_seconds": numbers.waits, "run_seconds": numbers.runs}


def _times(key, view, times):
    """Return the lines of a histogram, with what is below each bound."""
    bounds = [*map(str, BOUNDS), "+Inf"]
    lines = [
        _line(f"{key}_bucket", count, view=view, le=bound)
        for bound, count in zip(bounds, times.below, strict=True)
    ]
    lines.append(_line(f"{key}_sum", times.total, view=view))
    lines.append(_line(f"{key}_count", times.count, view=view))
    return lines


def board(registry):
    """Return the board of Grafana, which is the same for each registry."""
    return BOARD.read_text("utf-8")


FORMATS = {
    "json": ("application/json", in_json),
    "prometheus": ("text/plain; version=0.0.4; charset=utf-8", for_prometheus),
    "grafana": ("application/json", board),
}


class Health(BrowserView):
    """Numbers about all processes of the database; writes nothing."""

    def __call__(self):
        name = self.request.form.get("format") or self._accepted
        if not isinstance(name, str) or name not in FORMATS:
            return problem(self.request, 400, BAD_FORMAT)
        content_type, rendered = FORMATS[name]
        response = self.request.response
        response.setHeader("Content-Type", content_type)
        no_store(response)
        vary(response, "Accept")
        root = application_of(self.context)
        return rendered(query_registry(root))

    @property
    def _accepted(self):
        wants_text = prefers(self.request, ("text/plain",), JSON)
        return "prometheus" if wants_text else "json"
