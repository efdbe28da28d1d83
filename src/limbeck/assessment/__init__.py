"""Measures of teachers, to choose one by."""
