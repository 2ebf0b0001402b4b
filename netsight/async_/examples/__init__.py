"""Views that show what async views can do; `make start` serves them."""
