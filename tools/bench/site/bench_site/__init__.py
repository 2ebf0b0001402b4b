"""Views that the benchmarks ask for, on a Zope with netsight.async."""
