"""The view that sends the message, after its commit."""

from importlib import import_module

import transaction
from Products.Five import BrowserView

from bench_peers import environment


peer = import_module(f"bench_peers.{environment.KIND}")


class StartView(BrowserView):
    def __call__(self):
        form = self.request.form
        if hasattr(peer, "note"):
            peer.note(self.context._p_jar.root(), form["key"])
        transaction.get().addAfterCommitHook(
            send, (form["key"], form.get("loops", 0))
        )
        self.request.response.redirect(
            f"{self.context.absolute_url()}/bench-page"
        )


def send(success, key, loops):
    if success:
        peer.send(key, loops)


class PageView(BrowserView):
    def __call__(self):
        return "a page"


def start(event):
    """Begin to work in this Zope, if that is the way of this peer."""
    if hasattr(peer, "start"):
        peer.start()
