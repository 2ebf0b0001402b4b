"""Tests of the mails that a site sends."""
