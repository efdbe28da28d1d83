"""A conversation with what was built."""
