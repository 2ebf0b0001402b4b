"""Tests of netsight.async_.answers."""
