"""Tests of netsight.async_.serving."""
