"""The teacher: any OpenAI-compatible endpoint, asked once for each reply."""
