"""The base of what we store."""

from persistent import Persistent


class Part(Persistent):
    """A persistent object that no restricted code or URL reaches."""

    __allow_access_to_unprotected_subobjects__ = False
    __zpublishable__ = False
