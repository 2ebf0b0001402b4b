"""Sphinx: sphinx-build -W --keep-going docs docs/_build/html"""

import re
from pathlib import Path


project = "netsight.async"
author = "netsight.async contributors"
copyright = "netsight.async contributors"  # noqa: A001
SETUP = (Path(__file__).parents[1] / "setup.py").read_text(encoding="utf-8")
version = release = re.search(r'\bversion="(.*)"', SETUP)[1]

exclude_patterns = ["_build"]
nitpicky = False

html_theme = "furo"
html_title = "netsight.async"
