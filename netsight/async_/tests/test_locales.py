"""The translations are complete, compiled, and found by zope.i18n."""

import importlib.util
import re
import sys
import unittest
from pathlib import Path

from plone.testing import zca
from pythongettext.msgfmt import Msgfmt
from zope.configuration import xmlconfig
from zope.i18n import translate
from zope.i18nmessageid import Message

import netsight.async_
from netsight.async_.i18n import I18N_DOMAIN


PACKAGE = Path(netsight.async_.__file__).parent
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt_BR")
TOOL = PACKAGE.parents[1] / "tools" / "locales.py"
"""Part of the source distribution, but not installed."""

ZCML = """\
<configure xmlns="http://namespaces.zope.org/zope"
           xmlns:i18n="http://namespaces.zope.org/i18n">
  <include package="zope.i18n" file="meta.zcml" />
  <i18n:registerTranslations directory="locales" />
</configure>
"""


def load_tool():
    """Return tools/locales.py as a module."""
    spec = importlib.util.spec_from_file_location("_locales_tool", TOOL)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    return module


def catalog_path(language, suffix):
    folder = PACKAGE / "locales" / language / "LC_MESSAGES"
    return folder / f"{I18N_DOMAIN}{suffix}"


def po_reader(language):
    po = catalog_path(language, ".po").read_bytes()
    return Msgfmt(po.splitlines(keepends=True), language)


def texts_of(language):
    """Return what a .po file translates, as a dict."""
    reader = po_reader(language)
    reader.read()
    return {msgid: text for msgid, text in reader.messages.items() if msgid}


def variables(text):
    return sorted(re.findall(r"\$\{?(\w+)", text))


class CatalogTests(unittest.TestCase):
    """The files alone."""

    def test_these_languages_are_there(self):
        found = (PACKAGE / "locales").glob("*/LC_MESSAGES")
        self.assertEqual(
            sorted(path.parent.name for path in found), list(LANGUAGES)
        )

    def test_every_language_has_the_same_messages(self):
        for language in LANGUAGES:
            with self.subTest(language):
                self.assertEqual(set(texts_of(language)), set(texts_of("en")))

    def test_every_translation_has_the_variables_of_the_default(self):
        defaults = texts_of("en")
        for language in LANGUAGES:
            for msgid, text in texts_of(language).items():
                with self.subTest(language, msgid=msgid):
                    self.assertEqual(
                        variables(text), variables(defaults[msgid])
                    )

    def test_every_mo_is_compiled_from_its_po(self):
        for language in LANGUAGES:
            with self.subTest(language):
                self.assertEqual(
                    catalog_path(language, ".mo").read_bytes(),
                    po_reader(language).get(),
                )

    def test_message_ids_of_1_x_are_kept(self):
        texts = texts_of("en")
        self.assertEqual(texts["processing_title"], "Processing...")
        self.assertEqual(
            texts["percentage_completion"], "${percentage}% completed..."
        )


class WordTests(unittest.TestCase):
    """One thing has one word."""

    def test_german_has_no_second_word(self):
        text = " ".join(texts_of("de").values())
        # Vorgang, fehlgeschlagen, unterbrochen
        for other in ("Prozess", "scheiter", "Verloren"):
            self.assertNotRegex(text, other)

    def test_mails_name_a_state_as_pages_do(self):
        for language in LANGUAGES:
            texts = texts_of(language)
            for state in ("failed", "lost"):
                with self.subTest(language, state=state):
                    title, _sign, _rest = texts[f"mail_{state}"].partition(":")
                    self.assertEqual(title.strip(), texts[f"title_{state}"])


class TranslationTests(unittest.TestCase):
    """What Zope makes of the catalogs."""

    def setUp(self):
        zca.pushGlobalRegistry()
        self.addCleanup(zca.popGlobalRegistry)
        context = xmlconfig.ConfigurationMachine()
        xmlconfig.registerCommonDirectives(context)
        context.package = netsight.async_
        xmlconfig.string(ZCML, context=context)

    def completed(self, language):
        message = Message(
            "percentage_completion",
            domain=I18N_DOMAIN,
            default="not translated",
            mapping={"percentage": 42},
        )
        return translate(message, target_language=language)

    def test_percentage_completion_is_translated(self):
        for language in LANGUAGES:
            with self.subTest(language):
                text = texts_of(language)["percentage_completion"]
                self.assertEqual(
                    self.completed(language),
                    text.replace("${percentage}", "42"),
                )

    def test_each_language_has_its_own_text(self):
        texts = {self.completed(language) for language in LANGUAGES}
        self.assertEqual(len(texts), len(LANGUAGES))


@unittest.skipUnless(TOOL.exists(), "needs the source distribution")
class SourceTests(unittest.TestCase):
    """The catalogs against the sources; mended by tools/locales.py."""

    def setUp(self):
        self.tool = load_tool()

    def test_no_file_is_out_of_date(self):
        files, _ = self.tool.up_to_date()
        self.assertEqual(self.tool.outdated(files), [])

    def test_every_message_of_the_sources_is_translated(self):
        msgids = {message.msgid for message in self.tool.from_sources()}
        for language in LANGUAGES:
            with self.subTest(language):
                self.assertEqual(set(texts_of(language)), msgids)

    def test_english_texts_are_the_defaults(self):
        defaults = {
            message.msgid: message.default or message.msgid
            for message in self.tool.from_sources()
        }
        self.assertEqual(texts_of("en"), defaults)


@unittest.skipUnless(TOOL.exists(), "needs the source distribution")
class ToolTests(unittest.TestCase):
    """How texts get from the sources into the catalogs."""

    def setUp(self):
        self.tool = load_tool()

    def in_template(self, body):
        return self.tool.in_template(
            f'<html i18n:domain="netsight.async">{body}</html>'
        )

    def test_python_literals_are_joined(self):
        found = self.tool.in_python('x = _("msgid", default="a " "b")')
        self.assertEqual(list(found), [("msgid", "a b")])

    def test_titles_in_zcml_are_found(self):
        found = self.tool.in_zcml('<a title="[msgid] Text" name="[x]" />')
        self.assertEqual(found, [("msgid", "Text")])

    def test_a_computed_default_is_refused(self):
        with self.assertRaises(ValueError):
            list(self.tool.in_python('_("msgid", default=text)'))

    def test_a_name_becomes_a_variable(self):
        found = self.in_template(
            '<p i18n:translate="msgid">Number\n <b i18n:name="n">10</b>.</p>'
        )
        self.assertEqual(found, [("msgid", "Number ${n}.")])

    def test_a_void_element_may_be_a_variable(self):
        found = self.in_template(
            '<p i18n:translate="msgid">See <img i18n:name="picture">.</p>'
        )
        self.assertEqual(found, [("msgid", "See ${picture}.")])

    def test_markup_without_a_name_is_refused(self):
        with self.assertRaises(ValueError):
            self.in_template('<p i18n:translate="msgid">A <b>b</b></p>')

    def test_attributes_are_found(self):
        found = self.in_template(
            '<img alt="A" title="B" i18n:attributes="alt msgid; title">'
        )
        self.assertEqual(found, [("msgid", "A"), ("B", "")])

    def test_a_computed_text_is_no_message(self):
        found = self.in_template(
            '<p i18n:translate="" tal:content="view/text">Text</p>'
        )
        self.assertEqual(found, [])

    def test_texts_of_other_domains_are_left_out(self):
        found = self.in_template(
            '<p i18n:domain="plone" i18n:translate="msgid">Text</p>'
        )
        self.assertEqual(found, [])

    def test_a_catalog_is_read_as_it_was_written(self):
        message = self.tool.Message(
            "msgid", 'A "b" \\ c', "Ä\n", True, ["# Hint"], ["a.py"]
        )
        po = self.tool.write_po(self.tool.HEADER, [message])
        header, messages = self.tool.read_po(po)
        self.assertEqual(
            self.tool.write_po(header, messages.values()),
            po.replace("#: a.py\n", ""),
        )

    def test_wrapped_lines_are_read(self):
        _, messages = self.tool.read_po(
            'msgid "a"\nmsgstr ""\n"b "\n"c"\n\nmsgid "d"\nmsgstr "e"\n'
        )
        self.assertEqual(messages["a"].text, "b c")

    def test_a_translation_is_kept(self):
        new = self.tool.Message("msgid", "Text")
        old = self.tool.Message("msgid", "Text", "Texte")
        self.assertTrue(self.tool.merged("fr", new, old).is_translated)

    def test_a_translation_of_a_changed_default_is_fuzzy(self):
        new = self.tool.Message("msgid", "New text")
        old = self.tool.Message("msgid", "Text", "Texte")
        self.assertTrue(self.tool.merged("fr", new, old).fuzzy)
