"""From the teacher's rows to a training set: filters, mixing, splits."""
