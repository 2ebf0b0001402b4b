"""The subscriber of docs/howto/subscribe-to-events.rst mails the owner."""

import unittest
from unittest import mock

import transaction
from plone import api
from plone.registry.interfaces import IRegistry
from zope.component import getGlobalSiteManager
from zope.component import getUtility
from zope.component.hooks import setSite

from netsight.async_.interfaces import IProcessEndedEvent
from netsight.async_.records.database import query_registry
from netsight.async_.records.database import transact
from netsight.async_.running.telling import tell_ended
from netsight.async_.serving.recovery import recover
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.documents import FILE_NAME
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import blocks
from netsight.async_.tests.documents import read
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.record_support import die_with_claim
from netsight.async_.tests.record_support import end_of
from netsight.async_.tests.smtp_server import HOST
from netsight.async_.tests.smtp_server import SmtpServer
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import Never


def subscriber_of_the_page():
    page = read("howto/subscribe-to-events.rst")
    for _line, _language, code in blocks(page):
        name = FILE_NAME.match(code)
        if name and name[1] == "my/addon/mail.py":
            names = {}
            exec(code, names)
            return names["mail_owner"]


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class MailTests(PloneTestCase):
    """It has a real MailHost, which joins the transaction of its thread."""

    def setUp(self):
        super().setUp()
        self.server = SmtpServer()
        self.server.start()
        self.addCleanup(self.server.stop)
        setSite(self.portal)
        editor = self.portal.portal_membership.getMemberById("editor")
        editor.setMemberProperties({"email": "editor@example.org"})
        registry = getUtility(IRegistry)
        registry["plone.smtp_host"] = HOST
        registry["plone.smtp_port"] = self.server.port
        registry["plone.email_from_address"] = "site@example.org"
        registry["plone.email_from_name"] = "The site"
        transaction.commit()
        handler, events = subscriber_of_the_page(), (IProcessEndedEvent,)
        manager = getGlobalSiteManager()
        manager.registerHandler(handler, events)
        self.addCleanup(manager.unregisterHandler, handler, events)
        origin = {"NETSIGHT_ASYNC_ORIGINS": "http://localhost"}
        patch = mock.patch.dict("os.environ", origin)
        patch.start()
        self.addCleanup(patch.stop)

    def check_mailed(self, process_id, state, view="job"):
        (mail,) = self.server.mails
        self.assertEqual(mail["To"], "editor@example.org")
        self.assertEqual(mail["Subject"], f"{view}: {state}")
        self.assertIn(
            "http://localhost/plone/@@async-process/processing"
            f"?process_id={process_id}",
            mail.get_content(),
        )

    def test_of_a_process_that_completed(self):
        _client, process_id = self.run_job(lambda view, pid: "x", EDITOR)
        self.check_mailed(process_id, "completed")

    def test_of_one_that_failed(self):
        with self.assertLogs("netsight.async_", "ERROR"):
            _client, process_id = self.run_job(lambda v, pid: 1 / 0, EDITOR)
        self.check_mailed(process_id, "failed")

    def test_of_one_that_was_lost(self):
        with processes_run_by(Never()):
            process_id = self.client(EDITOR).start("/plone/job")

        def die(root):
            die_with_claim(root, process_id)
            recover(query_registry(root))

        transact("test", die)
        tell_ended(end_of(process_id))
        self.check_mailed(process_id, "lost")

    def test_of_one_that_was_cancelled(self):
        with processes_run_by(Never()):
            process_id = self.client(EDITOR).start("/plone/cancellable-job")
        client = self.client(EDITOR)
        client.post(
            "/plone/cancellable-job/process-cancel",
            {"process_id": process_id, "_authenticator": client.token()},
        )
        self.check_mailed(process_id, "cancelled", "cancellable-job")

    def test_a_host_that_is_no_origin_is_not_in_it(self):
        host = {"Host": "evil.example"}
        self.run_job(lambda view, pid: "x", EDITOR, headers=host)
        (mail,) = self.server.mails
        self.assertNotIn("evil.example", mail.as_string())
        self.assertIn("/plone/@@async-process/processing?", mail.get_content())

    def test_plone_api_mails_of_one_that_failed(self):
        def mail(event):
            api.portal.send_email(
                recipient="api@example.org",
                subject=event.process.state,
                body=api.portal.get_current_language(),
            )

        manager = getGlobalSiteManager()
        manager.registerHandler(mail, (IProcessEndedEvent,))
        self.addCleanup(manager.unregisterHandler, mail, (IProcessEndedEvent,))
        with self.assertLogs("netsight.async_", "ERROR") as logs:
            self.run_job(lambda view, process_id: 1 / 0)
        self.assertEqual(len(logs.records), 1)
        (mail,) = self.server.mails
        self.assertEqual(mail["Subject"], "failed")

    def test_an_anonymous_visitor_gets_none(self):
        self.run_job(lambda view, pid: "x")
        self.assertEqual(self.server.mails, [])
