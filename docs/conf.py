"""Sphinx: sphinx-build -W --keep-going docs docs/_build/html"""

project = "netsight.async"
author = "netsight.async contributors"
copyright = "netsight.async contributors"  # noqa: A001
version = release = "2.0"

exclude_patterns = ["_build"]
nitpicky = False

html_theme = "furo"
html_title = "netsight.async"
