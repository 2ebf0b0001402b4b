#!/usr/bin/env python
"""Bring the translations up to date with the sources.

    python tools/locales.py            write .pot, .po and .mo files
    python tools/locales.py --check    only say what is out of date

Needs python-gettext.  After a change of a text: run it, translate what it
names in the .po files, run it again.  A translation whose default text has
changed is marked fuzzy, and not used until somebody has looked at it and
removed the mark.  For a new language make `<language>/LC_MESSAGES` first.
"""

import argparse
import ast
import re
import sys
from dataclasses import dataclass
from dataclasses import field
from html.parser import HTMLParser
from pathlib import Path

from pythongettext.msgfmt import Msgfmt


DOMAIN = "netsight.async"
SOURCE_LANGUAGE = "en"
"""Its texts are always the defaults."""

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "netsight"
LOCALES = SOURCES / "async_" / "locales"

HEADER = f"""\
msgid ""
msgstr ""
"Project-Id-Version: {DOMAIN}\\n"
"Language: {{language}}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Domain: {DOMAIN}\\n\""""

VOID_TAGS = {"br", "col", "hr", "img", "input", "link", "meta", "source"}
"""HTML elements without an end tag."""


@dataclass
class Message:
    """An entry of a .pot or .po file."""

    msgid: str
    default: str
    text: str = ""
    fuzzy: bool = False
    remarks: list[str] = field(default_factory=list)
    """Lines that a translator wrote for other translators."""
    files: list[str] = field(default_factory=list)

    @property
    def is_translated(self):
        return bool(self.text) and not self.fuzzy

    def __str__(self):
        lines = list(self.remarks)
        if self.default:
            lines.append(f"#. Default: {quoted(self.default)}")
        lines += [f"#: {name}" for name in self.files]
        if self.fuzzy:
            lines.append("#, fuzzy")
        lines.append(f"msgid {quoted(self.msgid)}")
        lines.append(f"msgstr {quoted(self.text)}")
        return "\n".join(lines)


def quoted(text):
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


# Sources


def in_python(source):
    """Yield msgid and default of each `_("msgid", default="...")`.

    Raises ValueError for one that is not a literal.
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if getattr(node.func, "id", None) == "_":
            defaults = [k.value for k in node.keywords if k.arg == "default"]
            texts = node.args[:2] + defaults
            texts = [ast.literal_eval(text) for text in texts]
            yield texts[0], texts[1] if texts[1:] else ""


def in_zcml(source):
    """Return msgid and default of each attribute ``"[msgid] default"``."""
    return re.findall(r'="\[(\w+)\] ([^"]+)"', source)


def in_template(source):
    """Return msgid and default of each text marked in a page template."""
    parser = TemplateParser()
    parser.feed(source)
    parser.close()
    return parser.found


@dataclass
class Element:
    """What is open while a template is read."""

    tag: str
    attributes: dict
    domain: str
    texts: list[str] = field(default_factory=list)

    @property
    def msgid(self):
        """None if not marked, "" if the text itself is the msgid."""
        msgid = self.attributes.get("i18n:translate")
        computed = {"tal:content", "tal:replace"} & set(self.attributes)
        return None if computed and not msgid else msgid

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


class TemplateParser(HTMLParser):
    """Collects `i18n:translate` and `i18n:attributes` of our domain."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.open = [Element("", {}, None)]

    def handle_starttag(self, tag, attributes):
        outer = self.open[-1]
        attributes = {name: value or "" for name, value in attributes}
        element = Element(
            tag, attributes, attributes.get("i18n:domain", outer.domain)
        )
        if "i18n:name" in attributes:
            outer.texts.append("${" + attributes["i18n:name"] + "}")
        elif outer.msgid is not None:
            raise ValueError(
                f"line {self.getpos()[0]}: <{tag}> within the translated "
                f"text {outer.msgid!r} has no i18n:name"
            )
        self.find_attributes(element)
        if tag not in VOID_TAGS:
            self.open.append(element)

    def handle_data(self, data):
        self.open[-1].texts.append(data)

    def handle_endtag(self, tag):
        if tag in VOID_TAGS:
            return
        element = self.open.pop()
        if element.tag != tag:
            line = self.getpos()[0]
            raise ValueError(f"line {line}: </{tag}> ends <{element.tag}>")
        if element.msgid is not None:
            self.add(element, element.msgid, element.text)

    def find_attributes(self, element):
        marked = element.attributes.get("i18n:attributes", "")
        for part in filter(None, map(str.strip, marked.split(";"))):
            name, _, msgid = part.partition(" ")
            default = element.attributes.get(name, "")
            self.add(element, msgid.strip(), default)

    def add(self, element, msgid, text):
        if element.domain == DOMAIN:
            self.found.append((msgid, text) if msgid else (text, ""))


EXTRACTORS = {".py": in_python, ".pt": in_template, ".zcml": in_zcml}


def from_sources():
    """Return the messages of all sources but tests, sorted by msgid.

    Raises ValueError if one msgid has two defaults.
    """
    messages = {}
    for path in sorted(SOURCES.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in EXTRACTORS or "/tests/" in name:
            continue
        try:
            found = list(EXTRACTORS[path.suffix](path.read_text("utf-8")))
        except ValueError as exc:
            raise ValueError(f"{name}: {exc}") from exc
        for msgid, default in found:
            message = messages.setdefault(msgid, Message(msgid, default))
            if message.default != default:
                raise ValueError(
                    f"{name}: {msgid} has the default {default!r}, but "
                    f"{message.default!r} in {message.files[0]}"
                )
            if name not in message.files:
                message.files.append(name)
    return [messages[msgid] for msgid in sorted(messages)]


# Catalogs


def string_after(keyword, entry):
    """Return the string after a keyword, with its continuation lines."""
    match = re.search(rf'^{keyword} ((?:".*"\s*)+)', entry, re.MULTILINE)
    return ast.literal_eval(f"({match[1]})") if match else ""


def read_po(po):
    """Return the header and a dict of the messages of a .po file."""
    header, messages = None, {}
    for entry in re.split(r"\n\s*\n", po.strip()):
        msgids = len(re.findall("^msgid ", entry, re.MULTILINE))
        if msgids > 1:
            raise ValueError(f"no empty line between two entries:\n{entry}")
        msgid = string_after("msgid", entry)
        if msgid:
            messages[msgid] = Message(
                msgid,
                string_after(r"#\. Default:", entry),
                string_after("msgstr", entry),
                bool(re.search("^#,.*fuzzy", entry, re.MULTILINE)),
                re.findall(r"^#(?: .*)?$", entry, re.MULTILINE),
            )
        elif msgids:
            header = entry
    return header, messages


def write_po(header, messages):
    return "\n\n".join(map(str, [header, *messages])) + "\n"


def merged(language, message, old):
    """Return a message of the sources with its translation, if any."""
    merged = Message(message.msgid, message.default, files=message.files)
    if old is not None:
        merged.text = old.text
        merged.fuzzy = old.fuzzy or old.default != message.default
        merged.remarks = old.remarks
    if language == SOURCE_LANGUAGE:
        merged.text = message.default or message.msgid
        merged.fuzzy = False
    if not merged.text:
        merged.fuzzy = False
    return merged


def compiled(po):
    """Return the content of the .mo file for that of a .po file."""
    return Msgfmt(po.encode("utf-8").splitlines(keepends=True)).get()


def languages():
    return sorted(path.parent.name for path in LOCALES.glob("*/LC_MESSAGES"))


def catalog_path(language, suffix):
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}{suffix}"


def up_to_date():
    """Return what the files should hold, and what is left to translate.

    The first is a dict of paths and bytes, the second a list of pairs
    (language, msgid).
    """
    messages = from_sources()
    pot = write_po(HEADER.format(language=""), messages)
    files = {LOCALES / f"{DOMAIN}.pot": pot.encode("utf-8")}
    untranslated = []
    for language in languages():
        path = catalog_path(language, ".po")
        po = path.read_text("utf-8") if path.exists() else ""
        header, known = read_po(po)
        catalog = [merged(language, m, known.get(m.msgid)) for m in messages]
        po = write_po(header or HEADER.format(language=language), catalog)
        files[path] = po.encode("utf-8")
        files[catalog_path(language, ".mo")] = compiled(po)
        untranslated += [
            (language, m.msgid) for m in catalog if not m.is_translated
        ]
    return files, untranslated


def outdated(files):
    """Return the paths whose content is not as it should be."""
    return [
        path
        for path, content in files.items()
        if not path.exists() or path.read_bytes() != content
    ]


def main(arguments=None):
    """Return the exit status: 1 if something is left to do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing, only complain"
    )
    check = parser.parse_args(arguments).check
    files, untranslated = up_to_date()
    stale = outdated(files)
    for path in stale:
        if not check:
            path.write_bytes(files[path])
        done = "out of date" if check else "written"
        print(f"{done}: {path.relative_to(ROOT)}")
    for language, msgid in untranslated:
        print(f"to translate: {language}: {msgid}")
    return int(bool(untranslated or check and stale))


if __name__ == "__main__":
    sys.exit(main())
