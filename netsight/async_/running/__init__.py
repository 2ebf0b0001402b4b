"""One run of one process: its claim, its attempts, its end."""
