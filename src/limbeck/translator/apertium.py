"""Apertium: rule-based translation between languages, installed pair by pair (apertium.org)."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cached_property

from limbeck.errors import UserError

_PAIR = re.compile(r"([a-z]{2,3})(?:_\w+)?-([a-z]{2,3})(?:_\w+)?(?:-\w+)*")
# `apertium` marks what it could not generate; with -u unknown words have no mark.
_MARKED = re.compile(r"(?<![\w/])[#@](?=[^\W\d_])")


class Apertium:
    """An installed pair, and the pair of the opposite direction."""

    def __init__(self, pair: str) -> None:
        """Check the pair.

        Raises:
            UserError: Apertium or the pair is not installed.
        """
        check(pair)
        self.pair = pair
        self._cores = asyncio.Semaphore(os.cpu_count() or 1)

    async def translate(self, lines: Sequence[str], back: bool) -> list[str]:
        """The lines of a conversation translated, by a pipeline of their own.

        Its tagger learns from what it reads, so that a line's translation depends on the lines
        before it; with nobody else's before them it is the same in every run. To start a pipeline
        costs as much as 100 lines.

        Raises:
            UserError: the way back is not installed, or the program fails.
        """
        if not lines:
            return []
        async with self._cores:
            said = await asyncio.to_thread(_translated, self._back if back else self.pair, lines)
        return [_mended(*both) for both in zip(lines, said, strict=True)]

    @cached_property
    def _back(self) -> str:
        return opposite(self.pair)


def pairs() -> list[str]:
    """The pairs that are installed, such as ``en-eo``.

    Raises:
        UserError: Apertium is not.
    """
    if shutil.which("apertium") is None:
        raise UserError(
            "apertium is not on the PATH; on Debian: apt-get install apertium, and a pair such as "
            "apertium-eo-en"
        )
    listed = subprocess.run(["apertium", "-l"], capture_output=True, text=True, check=False)
    return sorted(listed.stdout.split())


def check(pair: str) -> None:
    """Raise a `UserError`, with the pairs that are installed, for one that is not."""
    if pair not in (installed := pairs()):
        raise UserError(
            f"Apertium has no pair {pair!r} here; installed: {', '.join(installed) or 'none'}"
        )


def sides(pair: str) -> tuple[str, str]:
    """The codes of the languages that a pair translates from and into.

    >>> sides("en-eo"), sides("eng-cat_valencia")
    (('en', 'eo'), ('eng', 'cat'))

    Raises:
        UserError: it is no name of a pair.
    """
    if not (match := _PAIR.fullmatch(pair)):
        raise UserError(f"{pair!r} is no pair of Apertium, which are named like 'en-eo'")
    return match[1], match[2]


def opposite(pair: str) -> str:
    """The pair of the other direction.

    Raises:
        UserError: it is not installed.
    """
    source, target = sides(pair)
    check(f"{target}-{source}")
    return f"{target}-{source}"


def _translated(pair: str, lines: Sequence[str]) -> list[str]:
    said = _run(pair, lines)
    if len(said) == len(lines):
        return said
    if len(lines) == 1:
        return [" ".join(said)]
    half = len(lines) // 2  # a rule reached over the end of a line somewhere
    return _translated(pair, lines[:half]) + _translated(pair, lines[half:])


def _run(pair: str, lines: Sequence[str]) -> list[str]:
    # A blank line ends a sentence, so that no rule looks over it.
    text = "\n\n".join(" ".join(line.split()) for line in lines) + "\n\n"
    done = subprocess.run(
        ["apertium", "-u", pair], input=text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"apertium {pair}: {' '.join(done.stderr.split())[:200]}")
    return done.stdout.strip("\n").split("\n\n")


def _mended(line: str, said: str) -> str:
    """A translation without Apertium's marks, beginning with a capital where the line does."""
    clean = said if _MARKED.search(line) else _MARKED.sub("", said)
    clean = " ".join(clean.split())
    if line[:1].isupper():
        return clean[:1].upper() + clean[1:]
    if line[:1].islower() and not clean[:2].isupper():
        return clean[:1].lower() + clean[1:]
    return clean
