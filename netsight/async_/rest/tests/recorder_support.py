"""Writes exchanges of HTTP down, for the documentation."""

import json
import re


WRITE = "WRITE_HTTP_EXAMPLES"
"""In the environment: whether they are written anew instead of compared."""

SHOWN = (
    *("Location", "Content-Type", "Retry-After", "Preference-Applied"),
    *("Cache-Control", "Vary"),
)
"""Of the headers of a response."""

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}")
UID = re.compile(r"\b[0-9a-f]{32}\b")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


class Recorder:
    """Writes down exchanges, with the same ids and times at each run."""

    def __init__(self):
        self._ids = {}

    def normalised(self, text):
        text = UUID.sub(self._known_id, text)
        text = UID.sub("0123456789abcdef0123456789abcdef", text)
        text = TIME.sub("2026-01-31T23:59:59+00:00", text)
        text = re.sub(r'"(elapsed|waited)": \d+', r'"\1": 0', text)
        return text.replace("http://localhost/", "https://example.org/")

    def _known_id(self, match):
        number = len(self._ids) + 1
        example = f"01a2175d-0000-7000-8000-{number:012}"
        return self._ids.setdefault(match[0], example)

    def request_of(self, response, body):
        request = response.request
        lines = [f"{request.method} {request.path_qs} HTTP/1.1"]
        lines.append("Host: example.org")
        lines.append(f"Accept: {request.accept}")
        lines.append("Authorization: Bearer ...")
        lines += [
            f"{name}: {request.headers[name]}"
            for name in ("Prefer", "Idempotency-Key", "Content-Type")
            if name in request.headers and (body or name != "Content-Type")
        ]
        return self.normalised("\n".join(lines) + "\n\n" + body)

    def response_of(self, response):
        lines = [f"HTTP/1.1 {response.status}"]
        lines += [
            f"{name}: {response.headers[name]}"
            for name in SHOWN
            if name in response.headers
        ]
        body = response.text
        if (response.content_type or "").endswith("json"):
            body = json.dumps(response.json, indent=2)
        return self.normalised("\n".join(lines) + "\n\n" + body)
