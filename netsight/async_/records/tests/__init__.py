"""Tests of netsight.async_.records."""
