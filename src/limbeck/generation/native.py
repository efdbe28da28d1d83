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
        self._told, self._card = told, card or {}
        self._passages = {int(files.digest(passage), 16): passage for passage in passages}

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
        """One of the passages, drawn by a key, as it stands below a request.

        Of all passages it is the one that ranks first for the key, whatever others there are
        (rendezvous hashing): one passage replaced changes the requests that showed it, and a new
        one its share of them. The product, modulo the digests' length, ranks all equally often.
        """
        if not self._passages or self._told is None:
            return ""
        drawn = int(files.digest("example", key), 16)
        first = min(self._passages, key=lambda number: drawn * number % 16**16)
        data = {"example": self._passages[first]}
        return "\n\n" + self._told.render("example", self._card, data=data)
