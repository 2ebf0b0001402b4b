"""The commit of a start or a cancel fails, on Zope without Plone."""

import gc
import unittest
import weakref
from io import BytesIO
from types import SimpleNamespace

from zope.interface import Interface
from zope.interface import alsoProvides
from zope.interface import directlyProvidedBy
from ZPublisher.HTTPRequest import WSGIRequest
from ZPublisher.HTTPResponse import WSGIResponse

from netsight.async_.answers.tests.unstored_support import OtherErrorsMixin
from netsight.async_.answers.tests.unstored_support import UnstoredMixin
from netsight.async_.answers.unstored import Change
from netsight.async_.answers.unstored import ICommitting
from netsight.async_.answers.unstored import _mark
from netsight.async_.tests.support import AsyncTestCase


ENVIRON = {
    "REQUEST_METHOD": "POST",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
}


class ILayer(Interface):
    pass


class IOtherLayer(Interface):
    pass


class UnstoredTests(UnstoredMixin, AsyncTestCase):
    """The server's plain pages."""


class OtherErrorsTests(OtherErrorsMixin, AsyncTestCase):
    """Zope's own answers."""


class MarkTests(unittest.TestCase):
    """Requests whose commit has begun."""

    def marked(self, *layers):
        request = WSGIRequest(BytesIO(), dict(ENVIRON), WSGIResponse())
        alsoProvides(request, *layers)
        view = SimpleNamespace(request=request)
        _mark(Change(view, "a-process", "start"))
        return request

    def test_they_keep_their_layers(self):
        request = self.marked(ILayer, IOtherLayer)
        for layer in ICommitting, ILayer, IOtherLayer:
            self.assertTrue(layer.providedBy(request))
        self.assertFalse(IOtherLayer.providedBy(self.marked(ILayer)))
        self.assertTrue(ICommitting.providedBy(self.marked()))

    def test_the_mark_comes_before_all_layers(self):
        self.assertEqual(
            list(directlyProvidedBy(self.marked(ILayer, IOtherLayer))),
            [ICommitting, ILayer, IOtherLayer],
        )

    def test_what_they_provide_is_made_once_for_all_of_a_kind(self):
        provided = weakref.ref(self.marked(ILayer).__provides__)
        gc.collect()
        self.assertIs(self.marked(ILayer).__provides__, provided())
