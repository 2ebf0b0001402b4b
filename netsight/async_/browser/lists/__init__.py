"""Lists of processes: for each user, for a site, and for the Zope root."""
