"""My first add-on with async views."""
