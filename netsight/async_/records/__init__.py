"""What is stored of processes, and of who runs them."""
