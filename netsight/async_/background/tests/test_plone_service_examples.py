"""The exchanges in docs/reference/service-examples are real.

They are compared with what a site answers.  After a change of an answer,
write them anew, and look at the difference::

    WRITE_HTTP_EXAMPLES=1 .venv/bin/python -m zope.testrunner \\
        --test-path=. -s netsight -m test_plone_service_examples
"""

import json
import os
import unittest
from importlib.metadata import version

from netsight.async_.background.tests.service_support import Exchange
from netsight.async_.background.tests.service_support import ServiceTestCase
from netsight.async_.rest.tests.plone_rest_support import RestClient
from netsight.async_.rest.tests.recorder_support import WRITE
from netsight.async_.rest.tests.recorder_support import Recorder
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.documents import DOCS
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Never


FOLDER = DOCS / "reference" / "service-examples"

SHARED = [{"id": "editor", "type": "user", "roles": {"Editor": True}}]

EXCHANGES = {
    "delete": Exchange("DELETE", "/plone/work"),
    "move": Exchange(
        "POST", "/plone/work/f0/@move", {"source": ["/work/f1/s0"]}
    ),
    "copy": Exchange(
        "POST", "/plone/work/f0/@copy", {"source": ["/work/f1/s0"]}
    ),
    "workflow": Exchange(
        "POST",
        "/plone/work/@workflow/publish",
        {"include_children": True},
    ),
    "sharing": Exchange("POST", "/plone/work/@sharing", {"entries": SHARED}),
    "change": Exchange("PATCH", "/plone/work/f0", {"title": "Changed"}),
    "add": Exchange(
        "POST", "/plone/work", {"@type": "Folder", "title": "Added"}
    ),
    "relations": Exchange("POST", "/plone/@relations/rebuild"),
    "refused": Exchange("POST", "/plone/work/@copy", {}),
}


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class ServiceExampleTests(ServiceTestCase):
    maxDiff = None

    def setUp(self):
        if not version("plone.restapi").startswith("10."):
            self.skipTest("the examples are what plone.restapi 10 answers")
        super().setUp()

    def test_they_are_what_a_site_answers(self):
        found = {path.stem for path in FOLDER.glob("*.http")}
        if not os.environ.get(WRITE):
            self.assertEqual(found, set(EXCHANGES))
        for name, exchange in EXCHANGES.items():
            self.recorder = Recorder()
            texts = [self.told(exchange, exchange.send())]
            self.begin_anew()
            texts += self.later(exchange)
            self.compare_text(name, texts)
            self.begin_anew()

    def later(self, exchange):
        """Return the texts of the start, and of the fetch of the result."""
        with processes_run_by(Never()):
            started = exchange.send_async()
        run(started.json["id"])
        result = RestClient(MANAGER).get(
            started.json["links"]["result"], expect_errors=True
        )
        return [self.told(exchange, started), self.told(None, result)]

    def told(self, exchange, response):
        body = exchange.content if exchange else ""
        request = self.recorder.request_of(response, body).rstrip()
        answer = self.recorder.response_of(without_traceback(response))
        return f"{request}\n\n{answer.rstrip()}\n"

    def compare_text(self, name, texts):
        path = FOLDER / f"{name}.http"
        text = "\n\n".join(texts)
        if os.environ.get(WRITE):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        with self.subTest(name):
            self.assertEqual(path.read_text(encoding="utf-8"), text)


def without_traceback(response):
    """Return a response without what only managers are told."""
    if response.content_type == "application/json" and response.body:
        told = response.json
        if isinstance(told, dict) and told.pop("traceback", None):
            response.body = json.dumps(told).encode()
    return response
