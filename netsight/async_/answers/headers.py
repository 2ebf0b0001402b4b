"""Headers that all our answers have in common."""

import re


def no_store(response):
    """Tell caches to keep nothing of an answer: it is for one visitor."""
    response.setHeader("Cache-Control", "no-store, private")


def vary(response, *names):
    """Tell caches that an answer depends on headers: Accept and Prefer."""
    names = names or ("Accept", "Prefer")
    known = response.getHeader("Vary")
    if known:
        there = re.split(r"[,\s]+", known.lower())
        names = [name for name in names if name.lower() not in there]
    if names:
        response.appendHeader("Vary", ", ".join(names))
