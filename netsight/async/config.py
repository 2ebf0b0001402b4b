"""The 1.x name of netsight.async_.config."""

import sys

import netsight.async_.config  # noqa: F401


sys.modules[__name__] = sys.modules["netsight.async_.config"]
