"""What a run will ask of its teachers, and what it did cost."""
