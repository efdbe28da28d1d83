"""Passages that people wrote in the language, one of which a request for such text shows."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from limbeck import files
from limbeck.files import Row
from limbeck.generation.instructions import Instructions, load

TEMPLATES = {"example": ("example",)}


class Native:
    """The passages of a language; without any, requests stay as they are."""

    def __init__(
        self,
        told: Instructions | None = None,
        card: Row | None = None,
        passages: Sequence[str] = (),
    ) -> None:
        self._told, self._card, self._passages = told, card or {}, passages

    @classmethod
    def add_to(cls, options: argparse.ArgumentParser) -> None:
        """The options of a stage that `of` reads."""
        options.add_argument("--native", type=Path, help="how passages are shown (YAML)")
        options.add_argument("--examples", type=Path, help="passages that people wrote (JSONL)")

    @classmethod
    def of(cls, options: argparse.Namespace) -> Self:
        """What a stage's options say."""
        if not options.examples:
            return cls()
        passages = [row["text"] for row in files.read_jsonl(options.examples)]
        return cls(load(options.native, TEMPLATES), options.language, passages)

    def below(self, key: str) -> str:
        """One of the passages, drawn by a key, as it stands below a request."""
        if not self._passages or self._told is None:
            return ""
        passage = self._passages[int(files.digest("example", key), 16) % len(self._passages)]
        return "\n\n" + self._told.render("example", self._card, data={"example": passage})
