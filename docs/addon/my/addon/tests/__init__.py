"""Tests of my.addon."""
