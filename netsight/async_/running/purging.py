"""What plone.cachepurging sends, where it is installed.

It collects the paths to be purged in the request, and sends them when Zope has
published that.  But a run may commit in parts, and fail after the first.
"""

from ZPublisher.pubevents import PubSuccess


try:
    from plone.cachepurging import hooks
    from zope.annotation.interfaces import IAnnotations
except ImportError:
    hooks = None


def send_purges(request):
    """Have caches purged of what a request has changed and committed."""
    if hooks is not None:
        hooks.purge(PubSuccess(request))
    drop_purges(request)


def drop_purges(request):
    """Forget what was to be purged: it is done, or it is rolled back."""
    annotations = hooks and IAnnotations(request, None)
    if annotations is not None:
        annotations.pop(hooks.KEY, None)
