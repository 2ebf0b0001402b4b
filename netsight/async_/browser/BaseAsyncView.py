"""The 1.x name of netsight.async_.browser.view."""

import sys

import netsight.async_.browser.view  # noqa: F401


sys.modules[__name__] = sys.modules["netsight.async_.browser.view"]
