"""From a base and a training set to a student, and from its checkpoint to files for llama.cpp."""
