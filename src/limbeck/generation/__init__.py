"""What the teacher writes: prompts, their revisions, responses and translations."""
