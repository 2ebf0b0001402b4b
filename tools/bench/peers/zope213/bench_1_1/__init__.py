"""A job of netsight.async 1.1.1, for Python 2.7 and Zope 2.13."""
