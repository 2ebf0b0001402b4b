"""What any client is told: a browser, a program, a script."""
