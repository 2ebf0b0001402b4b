"""Services of plone.restapi tell errors by the same table as pages do."""

from unittest import mock

from zope.interface.verify import verifyClass

from netsight.async_ import exceptions
from netsight.async_.answers.interfaces import IProcessView
from netsight.async_.answers.interfaces import IRefusing
from netsight.async_.answers.refusals import REFUSALS
from netsight.async_.answers.refusals import refusal_of
from netsight.async_.rest import AsyncService
from netsight.async_.rest import processes
from netsight.async_.rest.tests.plone_rest_support import PloneRestTestCase
from netsight.async_.tests.support import MANAGER


PROCESS = "/plone/@async-processes/an-id"


class RefusalTests(PloneRestTestCase):
    def test_each_provider_has_what_the_answers_ask_for(self):
        verifyClass(IProcessView, AsyncService)
        verifyClass(IRefusing, processes.ProcessesGet)
        verifyClass(IRefusing, processes.ProcessesDelete)

    def test_each_error_has_its_status_and_sentence(self):
        client = self.client(MANAGER)
        for kind in REFUSALS:
            counted = kind is exceptions.NotAllRemovedError
            error = kind(1) if counted else kind("an-id")
            status, sentence = refusal_of(error)
            for request in (client.get, client.delete):
                with (
                    self.subTest(kind.__name__, method=request.__name__),
                    mock.patch.object(
                        processes, "asked_process", side_effect=error
                    ),
                ):
                    answer = request(PROCESS, status=status).json
                    told = sentence.default.partition("$")[0]
                    self.assertIn(told, answer["message"])
