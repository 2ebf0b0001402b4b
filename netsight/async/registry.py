"""The 1.x name of netsight.async_.registry."""

import sys

import netsight.async_.registry  # noqa: F401


sys.modules[__name__] = sys.modules["netsight.async_.registry"]
