"""What tests and tools share, and the tests of more than one folder."""
