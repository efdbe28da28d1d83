"""What the teacher starts from: English conversations and texts of the language."""
