"""Measure what processes cost; see docs/explanation/scale.rst.

    .venv/bin/python tools/bench RIG [OPTION...]

`profile` counts what each step asks of the storage, and its CPU; `single`
measures one Zope; `cluster` measures several, beside what one would build
without this package; `actions` measures Plone's own actions on many objects,
at once and in the background, and a page beside them.  Each rig starts its
servers itself, and ends them.  All servers share the processors of this
machine with the one that measures, so what counts are the ratios within one
run.
"""

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

import checkout_paths


RIGS = ("profile", "single", "cluster", "actions")


def main(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench")
    rigs = parser.add_subparsers(dest="rig", required=True)
    for name in RIGS:
        module = import_module(f"{name}_rig")
        rig = rigs.add_parser(name, help=module.__doc__.splitlines()[0])
        rig.set_defaults(run=module.run)
        rig.add_argument(
            "--json", metavar="FILE", help="write all measurements there, too"
        )
        rig.add_argument(
            "--rounds", type=int, default=3, help="how often to measure all"
        )
        rig.add_argument(
            "--base",
            type=Path,
            help="another checkout, to be measured by turns with the package",
        )
        rig.add_argument(
            "--package",
            type=Path,
            default=checkout_paths.THIS,
            help="the checkout whose package is measured; else this one",
        )
        module.add_arguments(rig)
    options = parser.parse_args(arguments)
    packages = {"this": options.package.resolve()}
    if options.base:
        packages["base"] = options.base.resolve()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.2f}\n")
    options.run(options, packages)


if __name__ == "__main__":
    sys.path.insert(0, str(checkout_paths.SITE))
    sys.exit(main(sys.argv[1:]))
