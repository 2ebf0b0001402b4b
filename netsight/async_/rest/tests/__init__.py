"""Tests of netsight.async_.rest."""
