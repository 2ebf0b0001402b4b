"""The exchanges in docs/reference/http-examples are real.

They are compared with what a site answers.  After a change of an answer,
write them anew, and look at the difference::

    WRITE_HTTP_EXAMPLES=1 .venv/bin/python -m zope.testrunner \\
        --test-path=. -s netsight -m test_plone_http_examples
"""

import json
import os
import unittest

import transaction
from plone.app.testing import setRoles

from netsight.async_.rest.tests.plone_rest_support import PloneRestTestCase
from netsight.async_.rest.tests.recorder_support import WRITE
from netsight.async_.rest.tests.recorder_support import Recorder
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.documents import DOCS
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Never


FOLDER = DOCS / "reference" / "http-examples"

VIEW = "/plone/@@async-example-fibonacci"
PROCESSES = "/plone/@async-processes"
ASYNC = {"Prefer": "respond-async"}
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


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
