"""Tests of netsight.async_.running."""
