"""Write versions.cfg, buildout's pins, from constraints.txt, pip's pins.

    python3 tools/versions.py            write it
    python3 tools/versions.py --check    only say whether it is up to date

Needs nothing but Python.
"""

import sys
from pathlib import Path


HERE = Path(__file__).resolve().parent.parent
CONSTRAINTS = HERE / "constraints.txt"
VERSIONS = HERE / "versions.cfg"

HEADER = """\
# Generated from constraints.txt: python3 tools/versions.py
"""


def pins(lines):
    """Yield (name, version, marker) of each line that pins something."""
    for line in lines:
        requirement, _, marker = line.partition("#")[0].partition(";")
        if requirement.strip():
            name, version = requirement.split("==")
            yield name.strip(), version.strip(), marker.strip()


def by_marker(all_pins):
    """Return {marker: [line]}; what has no marker comes first."""
    sections = {"": []}
    for name, version, marker in all_pins:
        sections.setdefault(marker, []).append(f"{name} = {version}")
    return sections


def versions_cfg(lines):
    """Return the text of versions.cfg for the lines of constraints.txt."""
    parts = [HEADER]
    for marker, section in by_marker(pins(lines)).items():
        # buildout evaluates the markers of PEP 508 in section titles
        title = f"versions:{marker}" if marker else "versions"
        parts.append("\n".join([f"[{title}]", *section, ""]))
    return "\n".join(parts)


def main(*arguments):
    text = versions_cfg(CONSTRAINTS.read_text().splitlines())
    if "--check" not in arguments:
        VERSIONS.write_text(text)
    elif not VERSIONS.exists() or VERSIONS.read_text() != text:
        return "versions.cfg is out of date: run python3 tools/versions.py"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
