"""Pairs of answers for people to judge, and how far people and the judge agree."""
