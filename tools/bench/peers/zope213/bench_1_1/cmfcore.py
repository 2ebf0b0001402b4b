"""The two names of CMFCore that 1.1.1 imports, without the rest of it."""

import sys
import types


class UniqueObject:
    pass


def install():
    for name in ("Products.CMFCore", "Products.CMFCore.utils"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules[name].UniqueObject = UniqueObject
    # Called where the package is set up as a product, which it is not here.
    sys.modules[name].ToolInit = None
