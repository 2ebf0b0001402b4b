"""Tests of netsight.async_.background."""
