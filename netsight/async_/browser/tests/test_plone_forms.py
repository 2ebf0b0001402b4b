"""Forms of z3c.form, checked at once and worked on in the background."""

import transaction
from plone.app.testing import TEST_USER_ID
from plone.app.testing import setRoles
from plone.autoform.form import AutoExtensibleForm
from plone.dexterity.browser.add import DefaultAddView
from plone.dexterity.browser.edit import DefaultEditView
from plone.namedfile.field import NamedFile
from plone.supermodel.model import Fieldset
from plone.supermodel.model import Schema
from plone.z3cform.layout import wrap_form
from webtest import Upload
from z3c.form import button
from z3c.form import form
from z3c.form.interfaces import ActionExecutionError
from zope import schema
from zope.interface import Invalid
from zope.interface import invariant
from zope.interface import taggedValue

from netsight.async_ import in_background
from netsight.async_.tests.plone_support import PloneTestCase
from netsight.async_.tests.plone_support import published
from netsight.async_.tests.support import text_of


class IOrder(Schema):
    """What is ordered."""

    count = schema.Int(title="Count", min=1)
    at_most = schema.Int(title="At most", required=False)
    spare = schema.Int(title="Spare", required=False)
    list_of_names = NamedFile(title="Names", required=False)

    taggedValue(
        "plone.supermodel.fieldsets",
        [Fieldset("more", label="More", fields=["spare"])],
    )

    @invariant
    def is_possible(data):
        if data.at_most and data.at_most < data.count:
            raise Invalid("More than at most.")


class OrderForm(AutoExtensibleForm, form.Form):
    """Somebody else's form."""

    schema = IOrder
    ignoreContext = True

    @button.buttonAndHandler("Order", name="order")
    def handle_order(self, action):
        data, errors = self.extractData()
        if errors:
            self.status = self.formErrorsMessage
        elif data["count"] == 13:
            raise ActionExecutionError(Invalid("Out of stock."))
        else:
            names = data["list_of_names"]
            self.status = f"{data['count']} ordered."
            if names:
                self.status += f" {names.filename}: {names.data.decode()}"

    @button.buttonAndHandler("Cancel", name="cancel")
    def handle_cancel(self, action):
        self.request.response.redirect(self.context.absolute_url())


ORDER = {"form.buttons.order": "Order"}


class FormTests(PloneTestCase):
    """A form that is a view itself."""

    view = in_background(OrderForm)
    path = "/plone/order"

    def setUp(self):
        super().setUp()
        block = published(self.view, "order")
        block.__enter__()
        self.addCleanup(block.__exit__, None, None, None)

    def post(self, **fields):
        form = {f"form.widgets.{k}": v for k, v in fields.items()}
        return self.client().post(self.path, {**ORDER, **form})

    def result(self, response):
        self.assertEqual(response.status_int, 302)
        (process,) = self.processes()
        self.assertEqual(process.state, "completed")
        return response.follow().follow()

    def test_a_visit_shows_it(self):
        page = self.client().get(self.path)
        self.assertIn("form.widgets.count", page.text)
        self.assertEqual(self.processes(), [])

    def test_a_valid_one_is_worked_on_in_the_background(self):
        page = self.result(self.post(count="3"))
        self.assertIn("3 ordered.", text_of(page))

    def test_a_file_is_there_for_the_work(self):
        names = Upload("names.txt", b"Ann, Bob", "text/plain")
        page = self.result(self.post(count="3", list_of_names=names))
        self.assertIn("3 ordered. names.txt: Ann, Bob", text_of(page))

    def assert_refused(self, page, error):
        self.assertEqual(page.status_int, 200)
        self.assertIn(error, text_of(page))
        self.assertIn("There were some errors.", text_of(page))
        self.assertEqual(self.processes(), [])

    def test_an_error_in_a_field_is_shown_at_once(self):
        page = self.post(count="0")
        self.assert_refused(page, "Value is too small")
        self.assertIn('value="0"', page.text)

    def test_so_is_one_in_a_fieldset(self):
        page = self.post(count="3", spare="some")
        self.assert_refused(page, "The entered value is not a valid integer")

    def test_so_is_one_of_an_invariant(self):
        page = self.post(count="3", at_most="2")
        self.assert_refused(page, "More than at most.")

    def test_an_error_of_the_work_is_in_the_result(self):
        page = self.result(self.post(count="13"))
        self.assertIn("Out of stock.", text_of(page))

    def test_cancel_is_answered_at_once(self):
        form = {"form.buttons.cancel": "Cancel", "form.widgets.count": "3"}
        response = self.client().post(self.path, form)
        self.assertEqual(response.location, "http://localhost/plone")
        self.assertEqual(self.processes(), [])

    def test_so_is_a_post_without_a_button(self):
        page = self.client().post(self.path, {"form.widgets.count": "3"})
        self.assertIn("form.widgets.count", page.text)
        self.assertEqual(self.processes(), [])


class WrappedFormTests(FormTests):
    """The same in a view that wraps it, as plone.z3cform does."""

    view = in_background(wrap_form(OrderForm), button="form.buttons.order")


class DexterityTests(PloneTestCase):
    """Forms of content."""

    def test_an_error_in_an_edit_form_is_shown_at_once(self):
        setRoles(self.portal, TEST_USER_ID, ["Manager"])
        self.portal.invokeFactory("Document", "news", title="News")
        transaction.commit()
        path = "/plone/news/edit-later"
        fields = {
            "form.widgets.IDublinCore.title": "",
            "form.buttons.save": "Save",
        }
        with published(in_background(DefaultEditView), "edit-later"):
            page = self.client().post(path, fields)
            self.assertIn("Required input is missing.", text_of(page))
            self.assertEqual(self.processes(), [])
            fields["form.widgets.IDublinCore.title"] = "Old news"
            self.client().start(path, fields)
        (process,) = self.processes()
        self.assertEqual(process.state, "completed")

    def test_an_add_form_is_made_with_its_type(self):
        # It is registered for (context, request, fti).
        view = in_background(DefaultAddView)
        kind = self.portal.portal_types["Document"]
        page = view(self.portal, self.layer["request"], kind)
        self.assertEqual(page.form_instance.portal_type, "Document")
