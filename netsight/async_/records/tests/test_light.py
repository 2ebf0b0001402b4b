"""What a ZEO server loads that resolves a conflict of ours.

All clients wait meanwhile.  It imports the class of each object that a bucket
of a BTree refers to, in which two transactions have written.
"""

import subprocess
import sys
import unittest


HEAVY = (
    "AccessControl",
    "App",
    "OFS",
    "ZPublisher",
    "Zope2",
    "decimal",
    "fractions",
    "hashlib",
    "pytz",
    "zope.component",
    "zope.i18n",
    "zope.publisher",
)

IMPORT = """
import sys
import BTrees.OOBTree, ZODB
before = set(sys.modules)
import netsight.async_.records.{name}
print(*set(sys.modules) - before)
"""


class LightTests(unittest.TestCase):
    def loaded_by(self, name):
        """Return which modules a module of records loads, beside ZODB."""
        code = IMPORT.format(name=name)
        command = [sys.executable, "-c", code]
        return set(subprocess.check_output(command, text=True).split())

    def test_what_buckets_refer_to_loads_no_zope(self):
        for name in "process", "lease", "lines":
            with self.subTest(name):
                self.assertEqual(self.loaded_by(name) & set(HEAVY), set())
