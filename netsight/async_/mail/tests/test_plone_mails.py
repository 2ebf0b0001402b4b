"""Who is mailed of what has ended, by a real MailHost and mail server."""

import threading
import time
from unittest import mock

import transaction
from plone.registry.interfaces import IRegistry
from zope.component import getUtility
from zope.component.hooks import setSite

from netsight.async_ import ProcessFailed
from netsight.async_.mail import beat
from netsight.async_.mail.beat import send_soon
from netsight.async_.records.database import get_process
from netsight.async_.records.database import getProcessRegistry
from netsight.async_.records.database import transact
from netsight.async_.records.outbox import open_outbox
from netsight.async_.records.outbox import outbox_of
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.plone_support import speak_german
from netsight.async_.tests.smtp_server import HOST
from netsight.async_.tests.smtp_server import SmtpServer
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import READER
from netsight.async_.tests.support import Never


ADDRESS = "editor@example.org"
VIEW = "/plone/cancellable-job"
MINE = "/plone/@@my-processes"


def end_earlier(root, process_id, seconds, took=0):
    process = get_process(root, process_id)
    process.outcome.finished -= seconds
    process.created = process.outcome.finished - took


def note_seen(root, process_id):
    get_process(root, process_id).note_fetched(time.time())


class MailTestCase(PloneTestCase):
    """A site that can send mails, and an editor who has an address."""

    def setUp(self):
        super().setUp()
        self.server = SmtpServer()
        self.server.start()
        self.addCleanup(self.server.stop)
        self.set_address(ADDRESS)
        registry = self.registry()
        registry["plone.smtp_host"] = HOST
        registry["plone.smtp_port"] = self.server.port
        registry["plone.email_from_address"] = "site@example.org"
        registry["plone.email_from_name"] = "The site"
        transaction.commit()
        self.setting("ORIGINS", "http://localhost")
        self.job(lambda view, process_id: "x")
        send_soon._not_before = 0.0

    def setting(self, name, value):
        variable = {f"NETSIGHT_ASYNC_{name}": value}
        patch = mock.patch.dict("os.environ", variable)
        patch.start()
        self.addCleanup(patch.stop)

    def registry(self):
        """Return the registry of the site, as it is now."""
        setSite(self.portal)
        transaction.begin()
        return getUtility(IRegistry)

    def set_address(self, address):
        setSite(self.portal)
        editor = self.portal.portal_membership.getMemberById("editor")
        editor.setMemberProperties({"email": address})
        transaction.commit()

    def queued(self, login=EDITOR, **kwargs):
        with processes_run_by(Never()):
            return self.client(login).start(VIEW, **kwargs)

    def wish(self, process_id, login=EDITOR, want="1", status=302, **kwargs):
        client = self.client(login)
        form = {"process_id": process_id, "want": want}
        if login is not None:
            form["_authenticator"] = client.token()
        return client.post(
            f"{VIEW}/process-mail", form, status=status, **kwargs
        )

    def beat(self):
        """Do what each beat does; return the mails that were sent by it."""
        before = len(self.server.mails)
        due, failures = transact("mail", beat._sort_out)
        send_soon.send(due, failures)
        transaction.begin()
        return self.server.mails[before:]

    def wishes(self):
        transaction.begin()
        return outbox_of(getProcessRegistry(self.app)).wishes()


class AskedTests(MailTestCase):
    def test_one_mail_comes_when_it_has_ended(self):
        process_id = self.queued()
        self.wish(process_id)
        self.assertEqual(self.beat(), [])
        run(process_id)
        (mail,) = self.beat()
        self.assertEqual(mail["To"], ADDRESS)
        self.assertIn("site@example.org", mail["From"])
        self.assertEqual(mail["Subject"], "Done: cancellable-job")
        url = "http://localhost/plone/@@async-process/processing?process_id="
        self.assertIn(url + process_id, mail.get_content())
        self.assertEqual(self.beat(), [])
        self.assertEqual(self.wishes(), [])

    def test_the_page_offers_it_and_says_so_then(self):
        process_id = self.queued()
        client = self.client(EDITOR)
        page = client.see(VIEW, "processing", process_id)
        self.assertIn("Mail me when it is done", page)
        self.wish(process_id)
        page = client.see(VIEW, "processing", process_id)
        self.assertIn(ADDRESS, page)
        self.assertNotIn("Mail me when it is done", page)
        self.wish(process_id, want="0")
        self.assertEqual(self.wishes(), [])

    def test_so_does_the_list(self):
        process_id = self.queued()
        client = self.client(EDITOR)
        self.assertIn('name="mail"', client.get(MINE))
        form = {"mail": process_id, "_authenticator": client.token()}
        page = client.post(MINE, form).follow()
        self.assertIn("You get a mail when it has ended.", page)
        self.assertIn('name="no-mail"', page)
        self.assertEqual(self.wishes(), [process_id])

    def test_one_that_fails_says_why_if_it_may(self):
        def refuse(view, process_id):
            raise ProcessFailed("Line 310 has no street.")

        self.job(refuse)
        process_id = self.queued()
        self.wish(process_id)
        run(process_id)
        (mail,) = self.beat()
        self.assertEqual(mail["Subject"], "Failed: cancellable-job")
        self.assertIn("Line 310 has no street.", mail.get_content())

    def test_one_that_fails_otherwise_does_not(self):
        self.job(lambda view, process_id: 1 / 0)
        process_id = self.queued()
        self.wish(process_id)
        with self.assertLogs("netsight.async_", "ERROR"):
            run(process_id)
        (mail,) = self.beat()
        self.assertIn("Something went wrong.", mail.get_content())
        self.assertNotIn("ZeroDivision", mail.as_string())

    def test_it_is_in_the_language_of_who_asked(self):
        setSite(self.portal)
        speak_german()
        process_id = self.queued()
        self.wish(process_id, headers={"Accept-Language": "de"})
        run(process_id)
        (mail,) = self.beat()
        self.assertEqual(mail["Subject"], "Fertig: cancellable-job")

    def test_nobody_else_can_ask_for_it(self):
        process_id = self.queued()
        self.wish(process_id, READER, status=404)
        self.wish(process_id, ("manager", "s3cret-of-manager"), status=409)
        self.assertEqual(self.wishes(), [])

    def test_a_forged_one_is_refused(self):
        process_id = self.queued()
        self.client(EDITOR).post(
            f"{VIEW}/process-mail",
            {"process_id": process_id, "want": "1"},
            status=403,
        )
        self.assertEqual(self.wishes(), [])

    def test_of_an_anonymous_visitors_there_is_none(self):
        process_id = self.queued(None)
        page = self.client().see(VIEW, "processing", process_id)
        self.assertNotIn("process-mail", page)
        self.wish(process_id, None, status=409)

    def test_an_odd_address_is_none(self):
        process_id = self.queued()
        for odd in ("", "a@b.org, c@d.org", "a@b.org\nBcc: c@d.org", "ann"):
            with self.subTest(odd):
                self.set_address(odd)
                page = self.client(EDITOR).see(VIEW, "processing", process_id)
                self.assertNotIn("process-mail", page)

    def test_an_address_that_became_odd_gets_none(self):
        process_id = self.queued()
        self.wish(process_id)
        self.set_address("a@b.org, c@d.org")
        run(process_id)
        self.assertEqual(self.beat(), [])
        self.assertEqual(self.wishes(), [])

    def test_without_a_mail_host_it_is_not_offered(self):
        self.registry()["plone.smtp_host"] = ""
        transaction.commit()
        process_id = self.queued()
        page = self.client(EDITOR).see(VIEW, "processing", process_id)
        self.assertNotIn("process-mail", page)

    def test_a_title_with_lines_is_one_line_of_the_header(self):
        process_id = self.queued()
        self.wish(process_id)
        get_process(self.app, process_id).title = "x\nBcc: evil@example.org"
        transaction.commit()
        run(process_id)
        (mail,) = self.beat()
        self.assertIsNone(mail["Bcc"])
        self.assertEqual(mail["Subject"], "Done: x Bcc: evil@example.org")

    def test_without_origins_there_is_no_link(self):
        self.setting("ORIGINS", "")
        process_id = self.queued(headers={"Host": "evil.example"})
        self.wish(process_id)
        run(process_id)
        (mail,) = self.beat()
        self.assertNotIn("http", mail.get_content())
        self.assertIn("My background processes", mail.get_content())

    def test_what_cannot_be_sent_stays_due(self):
        process_id = self.queued()
        self.wish(process_id)
        run(process_id)
        self.registry()["plone.smtp_port"] = 1
        transaction.commit()
        with self.assertLogs("netsight.async_.mail", "ERROR"):
            self.assertEqual(self.beat(), [])
        self.assertEqual(self.wishes(), [process_id])
        self.registry()["plone.smtp_port"] = self.server.port
        transaction.commit()
        self.assertEqual(len(self.beat()), 1)

    def test_a_removed_one_is_forgotten(self):
        process_id = self.queued()
        self.wish(process_id)
        getProcessRegistry(self.app).remove(process_id)
        transaction.commit()
        self.assertEqual(self.beat(), [])
        self.assertEqual(self.wishes(), [])

    def test_each_beat_sends_in_a_thread(self):
        process_id = self.queued()
        self.wish(process_id)
        run(process_id)
        done = []

        def send(*args):
            beat.Beat.send(send_soon, *args)
            done.append(args)
            gate.release()

        gate = threading.Semaphore(0)
        with mock.patch.object(send_soon, "send", send):
            send_soon()
            self.assertTrue(gate.acquire(timeout=30))
        self.assertEqual(len(self.server.mails), 1)

    def test_nothing_due_starts_no_thread(self):
        with mock.patch.object(send_soon, "send") as send:
            send_soon()
        send.assert_not_called()


class SettingTests(MailTestCase):
    """Mails that nobody has asked for."""

    def ended(self, seconds=120, took=600):
        process_id = self.queued()
        run(process_id)
        transact("test", end_earlier, process_id, seconds, took)
        return process_id

    def test_by_default_there_are_none(self):
        self.ended()
        self.assertEqual(self.beat(), [])
        self.assertEqual(self.wishes(), [])

    def test_always(self):
        self.setting("MAIL", "always")
        self.ended(seconds=0, took=0)
        self.assertEqual(len(self.beat()), 1)

    def test_what_took_long(self):
        self.setting("MAIL", "long")
        self.ended(took=301)
        self.assertEqual(len(self.beat()), 1)

    def test_what_did_not(self):
        self.setting("MAIL", "long")
        self.ended(took=299)
        self.assertEqual(self.beat(), [])
        self.assertEqual(self.wishes(), [])

    def test_who_may_still_see_the_end_is_not_mailed_yet(self):
        self.setting("MAIL", "long")
        process_id = self.ended(seconds=30)
        self.assertEqual(self.beat(), [])
        self.assertEqual(self.wishes(), [process_id])

    def test_who_has_seen_it_is_not_mailed(self):
        self.setting("MAIL", "long")
        transact("test", note_seen, self.ended())
        self.assertEqual(self.beat(), [])
        self.assertEqual(self.wishes(), [])

    def test_anonymous_visitors_get_none(self):
        self.setting("MAIL", "always")
        run(self.queued(None))
        self.assertEqual(self.beat(), [])


class FailureTests(MailTestCase):
    """One mail for administrators, of many failures."""

    def setUp(self):
        super().setUp()
        self.setting("MAIL_FAILURES", "ops@example.org, boss@example.org")

    def fail(self, count=1, seconds=200):
        self.job(lambda view, process_id: 1 / 0)
        ids = [self.queued() for _each in range(count)]
        for process_id in ids:
            with self.assertLogs("netsight.async_", "ERROR"):
                run(process_id)
            transact("test", end_earlier, process_id, seconds)
        return ids

    def test_many_are_in_one(self):
        ids = self.fail(3)
        first, second = self.beat()
        addresses = {first["To"], second["To"]}
        self.assertEqual(addresses, {"ops@example.org", "boss@example.org"})
        self.assertEqual(
            first["Subject"], "Background processes that have failed: 3"
        )
        for process_id in ids:
            url = f"/plone/@@async-processes?process_id={process_id}"
            self.assertIn(f"http://localhost{url}", first.get_content())
        self.assertIn("ZeroDivisionError", first.get_content())
        self.assertEqual(self.beat(), [])

    def test_more_than_a_mail_lists_are_counted(self):
        self.fail(3)
        with mock.patch.object(beat, "LISTED_MOST", 2):
            mail = self.beat()[0]
        self.assertIn("And more: 1", mail.get_content())

    def test_it_waits_a_while_for_others(self):
        self.fail(seconds=0)
        self.assertEqual(self.beat(), [])

    def test_what_its_user_is_told_is_not_for_administrators(self):
        def refuse(view, process_id):
            raise ProcessFailed("Line 310 has no street.")

        self.job(refuse)
        process_id = self.queued()
        run(process_id)
        transact("test", end_earlier, process_id, 200)
        self.assertEqual(self.beat(), [])

    def test_without_the_setting_nothing_is_kept(self):
        self.setting("MAIL_FAILURES", "")
        self.fail()
        outbox = open_outbox(getProcessRegistry(self.app))
        self.assertEqual(outbox.failures(), [])
