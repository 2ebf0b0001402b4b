"""Plone's own long work, in the background: loaded only where Plone is.

All of it is built of what the other folders offer to add-ons.
"""
