"""The content rule action that runs a view in the background."""

import transaction
from plone.app.contentrules.api import assign_rule
from plone.app.contentrules.exportimport.rules import exportRules
from plone.app.contentrules.exportimport.rules import importRules
from plone.app.contentrules.handlers import close
from plone.app.contentrules.rule import Rule
from plone.app.testing import TEST_USER_ID
from plone.app.testing import setRoles
from plone.contentrules.engine.interfaces import IRuleStorage
from plone.contentrules.rule.interfaces import IRuleAction
from Products.CMFCore.interfaces import IActionSucceededEvent
from Products.GenericSetup.tests.common import DummyExportContext
from Products.GenericSetup.tests.common import DummyImportContext
from zope.component import getUtility
from zope.component.hooks import setSite
from zope.event import notify
from zope.i18n import translate
from zope.interface import Invalid
from zope.interface.verify import verifyObject
from zope.lifecycleevent import ObjectModifiedEvent
from zope.lifecycleevent.interfaces import IObjectModifiedEvent
from zope.lifecycleevent.interfaces import IObjectRemovedEvent

from netsight.async_ import start_process
from netsight.async_.background import rules
from netsight.async_.background.rules import ViewAction
from netsight.async_.background.rules import parsed_parameters
from netsight.async_.records.database import query_registry
from netsight.async_.running.runner import run
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.plone_support import published
from netsight.async_.tests.support import EDITOR
from netsight.async_.tests.support import MANAGER
from netsight.async_.tests.support import Never
from netsight.async_.tests.views import JobView


def touch(item):
    """Change content, and have everybody told."""
    item.title = f"{item.title}!"
    notify(ObjectModifiedEvent(item))


def start_to_touch(view, process_id):
    """Start another process that does it."""
    start_process(view.context, touch)


def forget_what_was_done():
    """Let rules run again, as at the end of a request."""
    close(None)


class RulesTestCase(PloneTestCase):
    def setUp(self):
        super().setUp()
        forget_what_was_done()
        setSite(self.portal)
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        workflows = self.portal.portal_workflow
        workflows.setDefaultChain("simple_publication_workflow")
        self.portal.invokeFactory("Folder", "folder", title="A folder")
        self.portal.folder.invokeFactory("Document", "page", title="A page")
        transaction.commit()

    @property
    def page(self):
        return self.portal.folder.page

    def add_rule(self, view="job", event=IObjectModifiedEvent, name="rule"):
        """Have a rule of the site; return its action."""
        action = ViewAction()
        action.view = view
        rule = Rule()
        rule.event = event
        rule.actions.append(action)
        getUtility(IRuleStorage)[name] = rule
        assign_rule(self.portal, name)
        transaction.commit()
        return action

    def publish(self, login=EDITOR, status=302):
        client = self.client(login)
        return client.post(
            "/plone/folder/page/content_status_modify",
            {
                "workflow_action": "submit",
                "_authenticator": client.token(),
            },
            status=status,
        )


class StartTests(RulesTestCase):
    """When it starts a process, and when it does not."""

    def test_it_runs_on_the_object_as_who_has_triggered_it(self):
        seen = []
        self.job(
            lambda view, pid: seen.append(
                (
                    view.context.getPhysicalPath(),
                    view.request["AUTHENTICATED_USER"].getId(),
                    dict(view.request.form),
                )
            )
        )
        action = self.add_rule(event=IActionSucceededEvent)
        action.parameters = "kind=all\nlimit=5\nkind=more"
        self.page.manage_setLocalRoles("editor", ["Owner"])
        self.page.reindexObjectSecurity()
        transaction.commit()
        self.publish()
        form = {"kind": ["all", "more"], "limit": "5"}
        path = ("", "plone", "folder", "page")
        self.assertEqual(seen, [(path, "editor", form)])
        (process,) = self.processes()
        self.assertEqual(process.state, "completed")

    def test_it_starts_with_the_commit(self):
        self.job(lambda view, pid: None)
        self.add_rule()
        touch(self.page)
        transaction.abort()
        forget_what_was_done()
        self.assertEqual(self.processes(), [])
        with processes_run_by(Never()):
            touch(self.page)
            self.assertEqual(len(self.all_now()), 1)
            transaction.commit()
        self.assertEqual(len(self.processes()), 1)

    def all_now(self):
        """Return the ids of all processes, within the transaction."""
        return list(query_registry(self.app).process_ids())

    def test_who_has_no_permission_of_the_view_starts_nothing(self):
        self.add_rule("admin-job", IActionSucceededEvent)
        self.page.manage_setLocalRoles("editor", ["Owner"])
        self.page.reindexObjectSecurity()
        transaction.commit()
        with published(JobView, "admin-job", "cmf.ManagePortal"):
            with self.assertLogs(rules.__name__, "WARNING"):
                told = self.publish().follow()
        self.assertEqual(self.processes(), [])
        self.assertIn("A content rule could not start admin-job", told.text)
        # What has triggered it is done.
        setSite(self.portal)
        workflows = self.portal.portal_workflow
        state = workflows.getInfoFor(self.page, "review_state")
        self.assertEqual(state, "pending")

    def test_a_view_that_is_not_there_starts_nothing(self):
        for name in ("no-such-view", "document_view"):
            with self.subTest(name):
                self.add_rule(name, name=name)
                with self.assertLogs(rules.__name__, "WARNING"):
                    touch(self.page)
                    transaction.commit()
                self.assertEqual(self.processes(), [])

    def test_what_is_removed_starts_nothing(self):
        self.add_rule(event=IObjectRemovedEvent)
        with self.assertLogs(rules.__name__, "WARNING"):
            self.portal.folder.manage_delObjects(["page"])
            transaction.commit()
        self.assertEqual(self.processes(), [])

    def test_a_view_that_is_single_is_started_once(self):
        self.job(lambda view, pid: None)
        self.add_rule("single-context-job")
        with processes_run_by(Never()):
            for _ in "ab":
                forget_what_was_done()
                touch(self.page)
                transaction.commit()
        self.assertEqual(len(self.processes()), 1)


class CascadeTests(RulesTestCase):
    """Rules and processes that trigger each other come to an end."""

    def start_and_run_all(self):
        """Trigger the rule, and run what is queued, one after another."""
        done = []
        with processes_run_by(Never()):
            touch(self.page)
            transaction.commit()
            forget_what_was_done()
            while True:
                queued = [p for p in self.processes() if p.state == "queued"]
                if not queued:
                    return done
                for process in queued:
                    run(process.id)
                    done.append(self.process(process.id))
                self.assertLess(len(done), 5, "it goes on for ever")

    def test_a_view_that_triggers_its_rule(self):
        self.job(lambda view, pid: touch(view.context))
        self.add_rule()
        (process,) = self.start_and_run_all()
        self.assertEqual(process.state, "completed", process.error)
        self.assertEqual(self.page.title, "A page!!")

    def test_two_rules_that_trigger_each_other(self):
        self.job(lambda view, pid: touch(view.context))
        self.add_rule()
        self.add_rule("other-job", name="other")
        done = self.start_and_run_all()
        names = sorted(process.view_name for process in done)
        self.assertEqual(names, ["job", "other-job"])

    def test_a_process_that_a_process_of_a_rule_has_started(self):
        self.job(start_to_touch)
        self.add_rule()
        names = [process.view_name for process in self.start_and_run_all()]
        self.assertEqual(names, ["job", "netsight.async.call"])

    def test_a_process_that_no_rule_has_started_triggers_it(self):
        self.job(lambda view, pid: None)
        self.add_rule()
        with processes_run_by(Never()):
            process = start_process(self.page, touch)
            transaction.commit()
            run(process.id)
        names = [process.view_name for process in self.processes()]
        self.assertEqual(sorted(names), ["job", "netsight.async.call"])

    def test_nobody_says_so_from_outside(self):
        self.job(lambda view, pid: None)
        self.add_rule(event=IActionSucceededEvent)
        client = self.client(MANAGER)
        client.post(
            "/plone/folder/page/content_status_modify",
            {
                "workflow_action": "publish",
                "netsight.async.by-rule": "1",
                "_authenticator": client.token(),
            },
            headers={"netsight.async.by-rule": "1"},
        )
        self.assertEqual(len(self.processes()), 1)


class SettingsTests(RulesTestCase):
    """What is configured, how it is shown, and how it is handed on."""

    def test_it_is_an_action(self):
        action = getUtility(IRuleAction, name=ViewAction.element)
        self.assertTrue(verifyObject(IRuleAction, action))
        self.assertTrue(verifyObject(action.schema, ViewAction()))

    def test_parameters(self):
        self.assertEqual(parsed_parameters(None), {})
        self.assertEqual(
            parsed_parameters("a = 1\n\nb=x=y\r\nc="),
            {"a": "1", "b": "x=y", "c": ""},
        )

    def test_what_is_no_parameter(self):
        field = rules.IViewAction["parameters"]
        for text in ("a", "=1", "a=1\nb", "__ac_password=secret"):
            with self.subTest(text), self.assertRaises(Invalid):
                field.validate(text)

    def test_what_is_no_name_of_a_view(self):
        field = rules.IViewAction["view"]
        for name in ("report", "@@report", "my.report-2"):
            field.validate(name)
        for name in ("../report", "a b", "folder/report", "++add++Event"):
            with self.subTest(name), self.assertRaises(Invalid):
                field.validate(name)

    def test_a_manager_adds_and_edits_it_on_plones_pages(self):
        self.add_rule()
        client = self.client(MANAGER)
        page = client.get("/plone/++rule++rule/@@manage-elements")
        self.assertIn("Run a view in the background", page.text)
        add = client.get(f"/plone/++rule++rule/+action/{ViewAction.element}")
        form = add.forms["form"]
        form["form.widgets.view"] = "other-job"
        form["form.widgets.parameters"] = "a line without a value"
        refused = form.submit("form.buttons.save")
        self.assertIn("not of the form name=value", refused.text)
        form = refused.forms["form"]
        form["form.widgets.parameters"] = "kind=all"
        page = form.submit("form.buttons.save").follow()
        self.assertIn("Run other-job in the background", page.text)
        edit = client.get("/plone/++rule++rule/++action++1/edit")
        form = edit.forms["form"]
        self.assertEqual(form["form.widgets.parameters"].value, "kind=all")
        form["form.widgets.view"] = "job"
        # Plone puts none into a page whose GET has written, as this one's.
        token = ("_authenticator", client.token())
        fields = form.submit_fields("form.buttons.save")
        client.post(form.action, [*fields, token])
        transaction.begin()
        setSite(self.portal)
        actions = getUtility(IRuleStorage)["rule"].actions
        self.assertEqual([each.view for each in actions], ["job", "job"])

    def test_nobody_else_may(self):
        self.add_rule()
        path = f"/plone/++rule++rule/+action/{ViewAction.element}"
        self.client(EDITOR).get(path, status=302)

    def test_it_is_told_in_the_language_of_the_visitor(self):
        told = translate(self.add_rule().summary, target_language="de")
        self.assertEqual(told, "job im Hintergrund ausführen")
        title = translate(rules.ACTION.title, target_language="de")
        self.assertEqual(title, "Eine Ansicht im Hintergrund ausführen")

    def test_it_is_exported_and_imported(self):
        self.add_rule().parameters = "kind=all\nlimit=5"
        transaction.commit()
        exported = DummyExportContext(self.portal)
        exportRules(exported)
        ((name, text, _type),) = exported._wrote
        self.assertIn(b'<action type="netsight.async.actions.View">', text)
        storage = getUtility(IRuleStorage)
        del storage["rule"]
        imported = DummyImportContext(self.portal, False)
        imported._files[name] = text
        importRules(imported)
        (action,) = storage["rule"].actions
        self.assertEqual(action.view, "job")
        # The lines come back with blanks before them.
        form = parsed_parameters(action.parameters)
        self.assertEqual(form, {"kind": "all", "limit": "5"})
        self.job(lambda view, pid: None)
        touch(self.page)
        transaction.commit()
        self.assertEqual(len(self.processes()), 1)
