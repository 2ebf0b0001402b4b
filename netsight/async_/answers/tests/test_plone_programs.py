"""Programs that start processes in a Plone site without plone.restapi."""

from netsight.async_.tests.plone_program_support import PloneProgramMixin
from netsight.async_.tests.plone_support import PloneTestCase


class PloneProgramTests(PloneProgramMixin, PloneTestCase):
    """Zope traverses all requests."""
