"""Classifiers: a teacher writes a training set, small students learn it, all are compared."""
