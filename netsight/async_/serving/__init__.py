"""What lives as long as a Zope, or a worker, does."""
