"""Limbeck: from the name of a language to a small model that speaks it."""
