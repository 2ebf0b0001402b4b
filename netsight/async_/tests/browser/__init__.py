"""Tests in a real browser: `make test-browser`.

They need Chromium, so `make test` does not run them.
"""
