"""See netsight.async."""
