"""Cards of data sets and models in the Hub's format, and their publication."""
