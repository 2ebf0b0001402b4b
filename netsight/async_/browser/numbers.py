"""Numbers as text, in the language of a page; the script is js/format.js."""

from zope.i18n import translate
from zope.i18nmessageid import Message

from netsight.async_.i18n import _


# Not of the locales of zope.i18n: their percentages are wrong.
DECIMAL_MARK = _("decimal_mark", default=".")
PERCENT = _("percent", default="${number}%")


def decimal(number, request):
    """Return a number as text, with the tenths that it has: "55.4", "55"."""
    mark = translate(DECIMAL_MARK, context=request)
    return f"{number:.1f}".removesuffix(".0").replace(".", mark)


def percent(number, request):
    """Return a percentage as text: "55.4%"."""
    text = Message(PERCENT, mapping={"number": decimal(number, request)})
    return translate(text, context=request)
