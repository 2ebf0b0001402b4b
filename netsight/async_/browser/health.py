"""What monitoring asks: @@async-health, in JSON or for Prometheus."""

import json

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


BAD_FORMAT = _(
    "error_health_format", default="The format must be json or prometheus."
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


def in_json(health):
    """Return a health as JSON text."""
    return json.dumps(health)


def for_prometheus(health):
    """Return a health in the text format of Prometheus, version 0.0.4."""
    lines = []
    for key, meaning in METRICS.items():
        name = f"netsight_async_{key}"
        lines.append(f"# HELP {name} {meaning}")
        lines.append(f"# TYPE {name} gauge")
        lines.append(f"{name} {health[key]}")
    return "\n".join(lines) + "\n"


FORMATS = {
    "json": ("application/json", in_json),
    "prometheus": ("text/plain; version=0.0.4; charset=utf-8", for_prometheus),
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
        return rendered(health_of(query_registry(root)))

    @property
    def _accepted(self):
        wants_text = prefers(self.request, ("text/plain",), JSON)
        return "prometheus" if wants_text else "json"
