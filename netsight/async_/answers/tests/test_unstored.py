"""The commit of a start or a cancel fails, on Zope without Plone."""

from netsight.async_.answers.tests.unstored_support import OtherErrorsMixin
from netsight.async_.answers.tests.unstored_support import UnstoredMixin
from netsight.async_.tests.support import AsyncTestCase


class UnstoredTests(UnstoredMixin, AsyncTestCase):
    """The server's plain pages."""


class OtherErrorsTests(OtherErrorsMixin, AsyncTestCase):
    """Zope's own answers."""
