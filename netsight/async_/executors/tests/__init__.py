"""Tests of netsight.async_.executors."""
