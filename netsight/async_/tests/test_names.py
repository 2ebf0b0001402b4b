"""Every name of 1.x leads to the code of today."""

import importlib
import os
import pickle
import subprocess
import sys
import unittest
from unittest import mock

from zope.dottedname.resolve import resolve

import netsight.async_


class OldNameTests(unittest.TestCase):
    def test_the_short_import_is_the_class_of_the_old_path(self):
        old = resolve("netsight.async.browser.BaseAsyncView.BaseAsyncView")
        self.assertIs(old, netsight.async_.BaseAsyncView)

    def test_every_module_of_1x_is_the_module_of_today(self):
        for name in ("registry", "config", "browser.BaseAsyncView"):
            with self.subTest(name):
                old = importlib.import_module(f"netsight.async.{name}")
                new = importlib.import_module(f"netsight.async_.{name}")
                self.assertIs(old, new)

    def test_every_public_name_of_1x_is_there(self):
        for name in (
            "netsight.async.registry.ProcessRegistry",
            "netsight.async.registry.getProcessRegistry",
            "netsight.async.config.PROCESS_REGISTRY_ID",
            "netsight.async.config.PROCESS_REGISTRY_TYPE",
            "netsight.async.browser.BaseAsyncView.NoSuchProcessError",
            "netsight.async.browser.BaseAsyncView."
            "ThreadDiedBeforeCompletionError",
            "netsight.async.browser.BaseAsyncView.getProcessRegistry",
        ):
            with self.subTest(name):
                self.assertIsNotNone(resolve(name))

    def test_patching_the_old_name_reaches_the_real_module(self):
        target = "netsight.async.browser.BaseAsyncView.may_see"
        module = sys.modules["netsight.async_.browser.BaseAsyncView"]
        with mock.patch(target, "patched"):
            self.assertEqual(module.may_see, "patched")

    def test_a_registry_pickled_under_the_old_path_loads(self):
        # Protocol 0 text, as Python 2 wrote it.
        old = b"cnetsight.async.registry\nProcessRegistry\n."
        self.assertIs(
            pickle.loads(old),
            resolve("netsight.async_.registry.ProcessRegistry"),
        )

    def test_the_errors_are_still_runtime_errors(self):
        self.assertTrue(
            issubclass(netsight.async_.NoSuchProcessError, RuntimeError)
        )
        self.assertTrue(
            issubclass(
                netsight.async_.ThreadDiedBeforeCompletionError, RuntimeError
            )
        )

    def test_threads_that_import_old_and_new_names_at_once_get_one_class(self):
        code = (
            "import importlib, threading\n"
            "names = ['netsight.async.browser.BaseAsyncView',\n"
            "         'netsight.async_.browser.BaseAsyncView'] * 4\n"
            "found = []\n"
            "def load(name):\n"
            "    module = importlib.import_module(name)\n"
            "    found.append(module.BaseAsyncView)\n"
            "threads = [threading.Thread(target=load, args=(name,))\n"
            "           for name in names]\n"
            "[t.start() for t in threads]\n"
            "[t.join(60) for t in threads]\n"
            "print(len(found), len(set(found)))\n"
        )
        output = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self.assertEqual(output.stdout.split(), ["8", "1"], output.stderr)
