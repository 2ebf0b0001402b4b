"""The request of a running process, and how other code knows it."""

from ZPublisher.HTTPRequest import WSGIRequest


class JobRequest(WSGIRequest):
    """The request of a running process.

    Only `netsight.async_.runner` makes one with an `async_run`, its Run.  It
    is an attribute of the class and so is never looked up in the form, environ
    or cookies.
    """

    async_run = None

    def retry(self):
        request = super().retry()
        request.async_run = self.async_run
        # The next attempt has a connection of its own.
        request.async_run.connection = None
        return request

    def traverse(self, path, response=None, validated_hook=None):
        """Return what calls `__run__` of the process's view."""
        published = super().traverse(path, response, validated_hook)
        if self.async_run is None:
            # A clone, as plone.subrequest makes.
            return published
        return self.async_run.callable_for(published, self)


def run_of(request):
    """Return the Run that made `request`, or None for all other requests."""
    return request.async_run if isinstance(request, JobRequest) else None
