"""The 1.x name of netsight.async_.records.database."""

import sys

import netsight.async_.records.database  # noqa: F401


sys.modules[__name__] = sys.modules["netsight.async_.records.database"]
