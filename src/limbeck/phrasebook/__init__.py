"""The built-in teacher: a small rule-based writer of real Swahili, with its English."""
