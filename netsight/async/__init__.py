"""The 1.x name of netsight.async_, for those who give it as a string.

``async`` is a keyword: write ``from netsight.async_ import BaseAsyncView``.
"""
