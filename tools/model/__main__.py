"""Prove the protocol by which Zopes share processes, and that the proof sees.

    python3 tools/model [short] [NAME ...]

protocol.pml and lookout.pml say what is modelled.  spin goes through all
states that each configuration can reach.  The protocol of today must have no
fault in any, and each weakened one the fault that is named.  Only the
configurations of these NAMEs are done, if there are any; with `short`, those
that take seconds.  Exits with 1 if a verdict is another than expected.
"""

import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from configurations import CONFIGURATIONS
from configurations import HOLDS


HERE = Path(__file__).parent

MEGABYTES = 4000
"""More memory than this is not taken; the verdict is "unfinished" then."""

DEPTH = 100_000

SAFETY = ["-DSAFETY"], []
ALONG_PATHS = ["-DNFAIR=3"], ["-a", "-f"]
"""For the compiler, and for the verifier.  Paths are fair: whoever can always
do something, does so at some time."""

HEAD = (
    f"{'':<34} {'expected':<9} {'seen':<10} {'states':>10} "
    f"{'transitions':>11} {'depth':>6} {'MB':>5} {'s':>5}"
)


class Verdict:
    """What came of one configuration."""

    def __init__(self, configuration, output, directory, seconds):
        self.configuration = configuration
        self.seconds = seconds
        self.states = _number(r"^ *(\d+) states, stored", output)
        # From 10 to the 8th on, spin writes 1.2e+08.
        self.transitions = _number(r"^ *(\S+) transitions", output)
        self.depth = _number(r"depth reached (\d+)", output)
        self.megabytes = _number(r"^ *(\d+)\.\d+\s+total actual", output)
        self.seen = self._seen(output, directory)

    @property
    def is_expected(self):
        return self.seen == self.configuration.expected

    def _seen(self, output, directory):
        if "assertion violated" in output:
            return _property_at(directory, self.configuration)
        if "acceptance cycle (" in output:
            return "for ever"
        is_whole = "errors: 0" in output and "not completed" not in output
        return HOLDS if is_whole else "unfinished"

    def __str__(self):
        mark = "" if self.is_expected else "   WRONG"
        return (
            f"{self.configuration.name:<34} {self.configuration.expected:<9} "
            f"{self.seen:<10} {self.states:>10,} {self.transitions:>11,} "
            f"{self.depth:>6} {self.megabytes:>5} {self.seconds:>5.1f}{mark}"
        )


def _number(pattern, output):
    found = re.search(pattern, output, re.MULTILINE)
    return int(float(found[1])) if found else 0


def _switches(configuration):
    return [f"-D{switch}" for switch in configuration.switches.split()]


def _property_at(directory, configuration):
    """Return the word in the comment at the assertion that was violated."""
    replay = ["spin", *_switches(configuration), "-t", configuration.file]
    output = _run(replay, directory)
    line = _number(r"pml:(\d+), Error: assertion violated", output)
    text = (directory / configuration.file).read_text().splitlines()[line - 1]
    return re.search(r"/\* (\w+) \*/", text)[1]


def _run(command, directory):
    done = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def _seconds():
    """Return how long processors have worked for us; others may, too."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def verify(configuration, directory):
    """Go through all states; return a Verdict."""
    shutil.copy(HERE / configuration.file, directory)
    for_compiler, for_verifier = (
        ALONG_PATHS if configuration.is_along_paths else SAFETY
    )
    began = _seconds()
    output = _run(
        ["spin", *_switches(configuration), "-a", configuration.file],
        directory,
    )
    output += _run(
        # What is short is compiled for longer than it runs.
        ["cc", "-O0" if configuration.is_short else "-O2", "-w"]
        + [f"-DMEMLIM={MEGABYTES}", *for_compiler]
        + ["-o", "pan", "pan.c"],
        directory,
    )
    if not (directory / "pan").exists():
        sys.exit(output)
    # -E: who waits for ever is found by the assertion at `timeout`.
    output = _run(["./pan", f"-m{DEPTH}", "-E", *for_verifier], directory)
    return Verdict(configuration, output, directory, _seconds() - began)


def main(*names):
    for tool in ("spin", "cc"):
        if shutil.which(tool) is None:
            return (
                f"{tool} is not there.  The model needs spin and a C "
                "compiler; Debian has both: apt install spin gcc"
            )
    wanted = [c for c in CONFIGURATIONS if _is_wanted(c, names)]
    if not wanted:
        return "There is no such configuration."
    print(HEAD)
    wrong = []
    for configuration in wanted:
        directory = Path(tempfile.mkdtemp(prefix="model-"))
        verdict = verify(configuration, directory)
        print(verdict, flush=True)
        if not verdict.is_expected:
            wrong.append(f"{configuration.name}: see {directory}")
            continue
        shutil.rmtree(directory)
    return "\n".join(wrong) or None


def _is_wanted(configuration, names):
    if names == ("short",):
        return configuration.is_short
    return not names or configuration.name in names


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
