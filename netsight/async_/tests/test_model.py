"""The model of the protocol is in step with the code, and with its page."""

import re
import unittest
from importlib.util import module_from_spec
from importlib.util import spec_from_file_location
from pathlib import Path

import netsight.async_
from netsight.async_ import interfaces
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import ROOT
from netsight.async_.tests.documents import read


MODEL = ROOT / "tools" / "model"

PLACE = re.compile(r"((?:\w+/)*\w+\.py):([\w.]*\w)")
"""A file below the package, and a name in it."""


def configurations():
    """Return the module that says what the model is run with."""
    path = MODEL / "configurations.py"
    spec = spec_from_file_location("model_configurations", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@unittest.skipUnless(IS_CHECKOUT, "the model is in a checkout only")
class ModelTests(unittest.TestCase):
    def setUp(self):
        self.protocol = (MODEL / "protocol.pml").read_text("utf-8")
        lookout = (MODEL / "lookout.pml").read_text("utf-8")
        self.text = self.protocol + lookout

    def test_its_states_are_those_of_a_process(self):
        states = re.search(r"^mtype = \{ ([\w, ]+) \};", self.protocol, re.M)
        self.assertEqual(tuple(states[1].split(", ")), interfaces.STATES)

    def test_what_its_steps_stand_for_exists(self):
        package = Path(netsight.async_.__file__).parent
        places = set(PLACE.findall(self.text))
        self.assertGreater(len(places), 25)
        for place, name in places:
            with self.subTest(place=place, name=name):
                text = (package / place).read_text("utf-8")
                for part in name.split("."):
                    is_there = re.search(
                        rf"(?:def|class) {part}\b|^{part} =", text, re.M
                    )
                    self.assertTrue(is_there)

    def test_each_weakened_protocol_is_run(self):
        switches = set(re.findall(r"#ifn?def ((?:OLD|NO)_\w+)", self.text))
        weakened = {each.name for each in configurations().WEAKENED}
        self.assertEqual(weakened, switches)

    def test_each_weakened_protocol_is_described(self):
        page = read("explanation/protocol.rst")
        for each in configurations().WEAKENED:
            with self.subTest(each.name):
                self.assertIn(f"``{each.name}``", page)

    def test_each_property_is_described(self):
        page = read("explanation/protocol.rst")
        words = set(re.findall(r"assert\(.*/\* (\w+) \*/", self.text))
        self.assertGreater(len(words), 8)
        for word in words:
            with self.subTest(word):
                self.assertIn(f"\n{word} ", page)
