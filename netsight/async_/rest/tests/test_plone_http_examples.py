"""The exchanges in docs/reference/http-examples are real.

They are compared with what a site answers.  After a change of an answer,
write them anew, and look at the difference::

    WRITE_HTTP_EXAMPLES=1 .venv/bin/python -m zope.testrunner \\
        --test-path=. -s netsight -m test_plone_http_examples
"""

import json
import os
import re
import unittest

import transaction
from plone.app.testing import setRoles

from netsight.async_.rest.tests.plone_rest_support import PloneRestTestCase
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.documents import DOCS
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Never


FOLDER = DOCS / "reference" / "http-examples"
WRITE = "WRITE_HTTP_EXAMPLES"

VIEW = "/plone/@@async-example-fibonacci"
PROCESSES = "/plone/@async-processes"
ASYNC = {"Prefer": "respond-async"}
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}

SHOWN = (
    *("Location", "Content-Type", "Retry-After", "Preference-Applied"),
    *("Cache-Control", "Vary"),
)
"""Of the headers of a response."""

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f-]{17}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


class Recorder:
    """Writes down exchanges, with the same ids and times at each run."""

    def __init__(self):
        self._ids = {}

    def normalised(self, text):
        text = UUID.sub(self._known_id, text)
        text = TIME.sub("2026-01-31T23:59:59+00:00", text)
        text = re.sub(r'"elapsed": \d+', '"elapsed": 0', text)
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


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class HttpExampleTests(PloneRestTestCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        setRoles(self.portal, "test_user_1_", ["Manager"])
        self.portal.invokeFactory("Document", "page", title="A page")
        transaction.commit()
        self.recorder = Recorder()
        self.editor = self.client().get_token(EDITOR)
        self.compared = set()

    def exchange(self, name, method, url, body="", client=None, **kwargs):
        """Do it, and compare it with the example; return the response."""
        client = client or self.editor
        if method == "GET":
            response = client.get(url, **kwargs)
        elif method == "DELETE":
            response = client.delete(url, **kwargs)
        else:
            response = client.post(url, body, **kwargs)
        self.compare(f"{name}.req", self.recorder.request_of(response, body))
        self.compare(f"{name}.resp", self.recorder.response_of(response))
        return response

    def compare(self, name, text):
        path = FOLDER / name
        text = text.rstrip() + "\n"
        self.compared.add(name)
        if os.environ.get(WRITE):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        with self.subTest(name):
            self.assertEqual(path.read_text(encoding="utf-8"), text)

    def test_they_are_what_a_site_answers(self):
        self.exchange_of_a_view()
        self.exchange_of_processes()
        self.exchange_of_a_service()
        found = {path.name for path in FOLDER.iterdir()}
        self.assertEqual(found, self.compared)

    def exchange_of_a_view(self):
        with processes_run_by(Never()):
            started = self.exchange(
                "start", "POST", VIEW, "n=50", headers={**ASYNC, **KEY}
            )
        process_id, links = started.json["id"], started.json["links"]
        self.exchange("waiting", "GET", links["result"])
        run(process_id)
        self.exchange("status", "GET", started.location)
        self.exchange(
            "reused", "POST", VIEW, "n=51", headers={**ASYNC, **KEY},
            status=422,
        )  # fmt: skip
        self.exchange(
            "unknown", "GET", links["result"].replace(process_id, "abcde"),
            status=404,
        )  # fmt: skip

    def exchange_of_processes(self):
        with processes_run_by(Never()):
            for _ in "ab":
                active = self.editor.post(
                    "/plone/cancellable-job", headers=ASYNC
                ).json["id"]
        self.exchange("list", "GET", f"{PROCESSES}?state=queued&b_size=1")
        url = f"{PROCESSES}/{active}"
        self.exchange("process", "GET", url)
        self.exchange("cancel", "DELETE", url)
        self.exchange("remove", "DELETE", url)
        self.exchange("gone", "GET", url, status=404)

    def exchange_of_a_service(self):
        client = self.client().get_token(MANAGER)
        body = json.dumps({"month": "2026-01"})
        with processes_run_by(Never()):
            started = self.exchange(
                "service", "POST", "/plone/@report", body, client,
                headers={"Content-Type": "application/json"},
            )  # fmt: skip
        run(started.json["id"])
        self.exchange(
            "service-result", "GET", started.json["links"]["result"],
            client=client,
        )  # fmt: skip
