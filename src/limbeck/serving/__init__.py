"""Servers of our own behind the OpenAI chat protocol: what the phrasebook and translators share."""
