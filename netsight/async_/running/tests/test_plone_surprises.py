"""What Plone does that docs/explanation/surprises.rst tells of.

If a new version does not do so any more, the page is to be changed.
"""

import tempfile
import threading
import unittest
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from socketserver import StreamRequestHandler
from types import SimpleNamespace

import transaction
import ZEO
from AccessControl import SecurityManagement
from AccessControl import getSecurityManager
from plone import api
from plone.app.contentrules.actions.mail import MailAction
from plone.app.contentrules.actions.mail import MailActionExecutor
from plone.namedfile.file import NamedBlobFile
from plone.registry.interfaces import IRegistry
from Products.PluggableAuthService.interfaces.plugins import IRolesPlugin
from Products.PluggableAuthService.plugins.BasePlugin import BasePlugin
from ZODB.config import storageFromString
from ZODB.DB import DB
from ZODB.POSException import ConflictError
from zope.component import getGlobalSiteManager
from zope.component import getUtility
from zope.component.hooks import getSite
from zope.component.hooks import setSite
from zope.interface import implementer
from zope.sendmail.delivery import MailDataManager

from netsight.async_.interfaces import IProcessQueuedEvent
from netsight.async_.tests.conflicts import retry_conflicts
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.smtp_server import HOST
from netsight.async_.tests.smtp_server import Session
from netsight.async_.tests.smtp_server import SmtpServer
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.waiting import WAIT_SECONDS


def in_a_thread(function):
    """Return what a function returns in a thread of its own."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join(WAIT_SECONDS)
    return results[0]


class MailOrderTests(unittest.TestCase):
    """What is committed first: the data or the mail."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def committed_when_mailed(self, section):
        """Tell whether the data are there when a mail is sent.

        `section` is that of a storage, in the words of zope.conf.
        """
        database = DB(storageFromString(section))
        self.addCleanup(database.close)
        found = []

        def send():
            with database.transaction() as connection:
                found.append("text" in connection.root())

        connection = database.open()
        connection.root()["text"] = "changed"
        transaction.get().join(MailDataManager(send))
        transaction.commit()
        connection.close()
        (is_committed,) = found
        return is_committed

    def test_file_storage_has_the_data_first(self):
        self.assertTrue(
            self.committed_when_mailed(
                f"<filestorage>\npath {self.folder}/Data.fs\n</filestorage>"
            )
        )

    def test_zeo_has_the_mail_first(self):
        (host, port), stop = ZEO.server(f"{self.folder}/Data.fs")
        self.addCleanup(stop)
        self.assertFalse(
            self.committed_when_mailed(
                "%import ZEO\n"
                f"<clientstorage>\nserver {host}:{port}\n</clientstorage>"
            )
        )

    @unittest.skipUnless(find_spec("relstorage"), "RelStorage is missing")
    def test_relstorage_has_the_mail_first(self):
        self.assertFalse(
            self.committed_when_mailed(
                "%import relstorage\n<relstorage>\n<sqlite3>\n"
                f"data-dir {self.folder}\n</sqlite3>\n</relstorage>"
            )
        )


class CountedSession(Session):
    """Counts how many are open at once."""

    def setup(self):
        super().setup()
        with self.server.lock:
            self.server.open += 1
            self.server.most = max(self.server.most, self.server.open)

    def _answer(self, text):
        if text.startswith("221"):
            with self.server.lock:
                self.server.open -= 1
        super()._answer(text)


class RefusingSession(StreamRequestHandler):
    """Knows no recipient."""

    def handle(self):
        self.wfile.write(b"220 ready\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            code = b"550" if verb == b"RCPT" else b"250"
            self.wfile.write(code + b" said\r\n")
            if verb == b"QUIT":
                return


class MailTests(PloneTestCase):
    """A MailHost and a server."""

    def setUp(self):
        super().setUp()
        self.server = SmtpServer()
        self.server.RequestHandlerClass = CountedSession
        self.server.open = self.server.most = 0
        self.server.lock = threading.Lock()
        self.server.start()
        self.addCleanup(self.server.stop)
        setSite(self.portal)
        registry = getUtility(IRegistry)
        registry["plone.smtp_host"] = HOST
        registry["plone.smtp_port"] = self.server.port
        transaction.commit()

    def send(self, view):
        view.context.MailHost.send(
            "text", "a@example.org", "b@example.org", "s", charset="utf-8"
        )

    def run_mails(self, number, part):
        """Send mails in a job, with a checkpoint after each `part`."""

        def work(view, process_id):
            for count in range(1, number + 1):
                self.send(view)
                if count % part == 0:
                    view.checkpoint()

        _client, process_id = self.run_job(work)
        self.assertEqual(self.process(process_id).state, "completed")
        self.assertEqual(len(self.server.mails), number)
        return self.server.most

    def test_each_mail_of_a_transaction_has_a_connection(self):
        self.assertEqual(self.run_mails(30, 100), 30)

    def test_a_checkpoint_ends_them(self):
        self.assertEqual(self.run_mails(30, 10), 10)

    def test_a_refused_recipient_is_known_to_the_log_alone(self):
        self.server.RequestHandlerClass = RefusingSession
        with self.assertLogs("MailDataManager", "ERROR") as logs:
            _client, process_id = self.run_job(lambda view, p: self.send(view))
        self.assertEqual(self.process(process_id).state, "completed")
        self.assertIn("SMTPRecipientsRefused", logs.output[0])

    def run_rule(self):
        """Run a job that fails after a content rule has mailed."""
        action = MailAction()
        action.recipients, action.source = "a@example.org", "b@example.org"

        def work(view, process_id):
            event = SimpleNamespace(object=view.context)
            MailActionExecutor(view.context, action, event)()
            raise ValueError("no")

        with self.assertLogs("netsight.async_", "ERROR"):
            self.run_job(work)

    def test_a_content_rule_mails_at_once(self):
        self.run_rule()
        self.assertEqual(len(self.server.mails), 1)


class RegistryTests(PloneTestCase):
    """plone.registry keeps what it has read for a request."""

    name = "plone.site_title"

    def setUp(self):
        if int(version("plone.registry").partition(".")[0]) < 3:
            self.skipTest("it keeps nothing before 3.0")
        super().setUp()

    def change_meanwhile(self):
        manager = transaction.TransactionManager()
        connection = self.layer["zodbDB"].open(manager)
        registry = connection.root()["Application"]["plone"].portal_registry
        registry.records[self.name].value = "changed"
        manager.commit()
        connection.close()

    def test_what_others_change_is_not_seen_after_a_checkpoint(self):
        def work(view):
            registry = getUtility(IRegistry)
            before = registry[self.name]
            in_a_thread(self.change_meanwhile)
            view.checkpoint()
            record = registry.records[self.name]
            return registry[self.name] == before, record.value

        self.assertEqual(self.seen_by(work), (True, "changed"))

    def test_what_a_savepoint_has_rolled_back_is_seen(self):
        def work(view):
            registry = getUtility(IRegistry)
            savepoint = transaction.savepoint()
            registry[self.name] = "rolled back"
            savepoint.rollback()
            record = registry.records[self.name]
            return registry[self.name], record.value == "rolled back"

        self.assertEqual(self.seen_by(work), ("rolled back", False))


class FileTests(PloneTestCase):
    def test_a_blob_file_consumes_the_file_that_it_is_given(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "import.csv"
        path.write_text("a;b")
        with path.open("rb") as file:
            NamedBlobFile(file)
        self.assertFalse(path.exists())


class ThreadTests(PloneTestCase):
    """What a thread that a job starts has of the job."""

    def setUp(self):
        super().setUp()
        # A thread has the user of an ended one with the same number.
        alive = {thread.ident for thread in threading.enumerate()}
        for ident in set(SecurityManagement._managers) - alive:
            del SecurityManagement._managers[ident]

    def test_no_site_no_user_and_no_transaction(self):
        def look():
            user = getSecurityManager().getUser()
            return getSite(), user.getId(), transaction.get()

        def work(view):
            (_site, user, txn), there = look(), in_a_thread(look)
            return user, there[:2], there[2] is txn

        seen = self.seen_by(work, login=EDITOR)
        self.assertEqual(seen, ("editor", (None, None), False))

    def test_a_search_there_finds_public_content_only(self):
        setSite(self.portal)
        workflow = self.portal.portal_workflow
        workflow.setDefaultChain("simple_publication_workflow")
        with api.env.adopt_roles(["Manager"]):
            api.content.create(self.portal, "Document", "private")
        transaction.commit()

        def work(view):
            catalog = view.context.portal_catalog
            return len(catalog()), in_a_thread(lambda: len(catalog()))

        here, there = self.seen_by(work, login=MANAGER)
        self.assertEqual((here, there), (there + 1, there))


@implementer(IRolesPlugin)
class RoleOfTheRequest(BasePlugin):
    """Makes whoever comes with a request a Reviewer."""

    id = "role_of_the_request"

    def getRolesForPrincipal(self, principal, request=None):
        return [] if request is None else ["Reviewer"]


class PluginTests(PloneTestCase):
    def test_a_plugin_that_looks_at_the_request_gives_nothing(self):
        users = self.portal.acl_users
        users._setObject(RoleOfTheRequest.id, RoleOfTheRequest())
        users.plugins.activatePlugin(IRolesPlugin, RoleOfTheRequest.id)
        transaction.commit()

        roles = []

        def note(event=None):
            roles.append(getSecurityManager().getUser().getRoles())

        manager = getGlobalSiteManager()
        manager.registerHandler(note, (IProcessQueuedEvent,))
        self.addCleanup(
            manager.unregisterHandler, note, (IProcessQueuedEvent,)
        )
        self.run_job(lambda view, process_id: note(), EDITOR)
        in_the_request, in_the_process = roles
        self.assertIn("Reviewer", in_the_request)
        self.assertNotIn("Reviewer", in_the_process)
        self.assertIn("Editor", in_the_process)


class VersionsTests(PloneTestCase):
    """Documents that two transactions add, in folders of their own."""

    def setUp(self):
        super().setUp()
        setSite(self.portal)
        with api.env.adopt_roles(["Manager"]):
            for name in ("mine", "theirs"):
                api.content.create(self.portal, "Folder", name)
        transaction.commit()

    def add_another(self):
        connection = self.layer["zodbDB"].open()
        portal = connection.root()["Application"]["plone"]
        setSite(portal)
        with api.env.adopt_roles(["Manager"]):
            api.content.create(portal["theirs"], "Document", "page")
        transaction.commit()
        setSite(None)
        connection.close()

    def test_they_conflict_in_one_counter(self):
        conflicts = []

        def work(view, process_id):
            api.content.create(view.context["mine"], "Document", "page")
            if not conflicts:
                in_a_thread(self.add_another)
                try:
                    view.checkpoint()
                except ConflictError as exc:
                    conflicts.append(exc)
                    raise

        retry_conflicts(self)
        _client, process_id = self.run_job(work, MANAGER)
        self.assertEqual(self.process(process_id).state, "completed")
        self.assertIn("UniqueIdGeneratorTool", str(conflicts[0]))
