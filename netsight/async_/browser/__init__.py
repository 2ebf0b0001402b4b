"""The base class of async views, and pages for people."""
