"""What models are measured by: FLORES, SIB-200, Belebele, Global-MMLU.

A module each reads a data set in its published format and turns its rows into items.
"""
