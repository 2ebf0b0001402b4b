"""Tests with Celery, its brokers, ZEO and PostgreSQL: `make test-cluster`.

They need servers, so `make test` does not run them.  What is not on this
machine is skipped, with a message; it is an error where the environment has
CI.
"""
