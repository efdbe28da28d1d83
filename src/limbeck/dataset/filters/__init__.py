"""One filter a module: a small pure function of a row, made from its thresholds."""
