"""What the Snakefile asks: targets and inputs, what decides a stage, digests, checks."""
