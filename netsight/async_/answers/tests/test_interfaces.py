"""Whoever gives an answer provides what the answers ask for."""

from zope.interface.verify import verifyClass
from zope.interface.verify import verifyObject

from netsight.async_.answers.interfaces import IProcessView
from netsight.async_.answers.interfaces import IRefusing
from netsight.async_.browser.lists.manage import ManageProcesses
from netsight.async_.browser.lists.my_processes import MyProcesses
from netsight.async_.browser.view import BaseAsyncView
from netsight.async_.interfaces import IAsyncView
from netsight.async_.tests.support import AsyncTestCase


class ProviderTests(AsyncTestCase):
    def test_an_async_view(self):
        verifyClass(IProcessView, BaseAsyncView)
        verifyClass(IAsyncView, BaseAsyncView)
        view = self.app.restrictedTraverse("@@job")
        verifyObject(IProcessView, view)

    def test_the_lists(self):
        for kind in (ManageProcesses, MyProcesses):
            with self.subTest(kind.__name__):
                verifyClass(IRefusing, kind)
                page = kind(self.app, self.app.REQUEST)
                page.__name__ = "list"
                verifyObject(IRefusing, page)
