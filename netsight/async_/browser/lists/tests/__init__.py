"""Tests of netsight.async_.browser.lists."""
