"""The benchmark in one process knows the steps of this package."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import ROOT


@unittest.skipUnless(IS_CHECKOUT, "tools are in a checkout only")
class BenchTests(unittest.TestCase):
    level = 2

    def test_each_step_is_counted_and_timed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "profile.json"
            command = [ROOT / "tools" / "bench", "profile", "--rounds", "1"]
            subprocess.run(
                [sys.executable, *command, "--repeat", "1", "--json", path],
                check=True,
                capture_output=True,
            )
            (measured,) = json.loads(path.read_text())
        steps = measured["this"]
        self.assertEqual(steps["run"]["warm"]["commits"], 2)
        self.assertEqual(
            [name for name, step in steps.items() if not step["cpu_ms"]], []
        )
