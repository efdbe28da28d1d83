"""A text as filters compare it: without case, punctuation, white space, code or addresses."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

import regex

from limbeck.dataset.disguises import undisguised
from limbeck.files import Row

# Marks belong to words: the vowel signs of Indic scripts and Thai are some.
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_DOT = "\u0307"

URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'`)\]}،。、]+")
FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
INLINE = re.compile(r"`[^`\n]+`")
# Bounded, since text without spaces would be searched to its end from each of its letters.
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}")


def words(text: str) -> tuple[str, ...]:
    """The words of a text, case-folded, without punctuation."""
    folded = unicodedata.normalize("NFKC", text.casefold())
    # Upper case of the Turkic dotless and dotted i meet in the Latin one.
    return tuple(_WORD.findall(folded.replace("ı", "i").replace(_DOT, "")))


@lru_cache(maxsize=64)  # several filters look at the same turns
def flat(text: str) -> str:
    """A text's words without anything between them."""
    return "".join(words(text))


def bare(text: str) -> tuple[str, list[int]]:
    """The same of a text without its disguises, and where each of its words begins."""
    parts = _WORD.findall(undisguised(text))
    return "".join(parts), [0, *accumulate(map(len, parts))][:-1]


def prose(text: str) -> str:
    """A text without code, URLs and addresses, which are of no language."""
    if "`" in text:
        text = INLINE.sub(" ", FENCE.sub(" ", text))
    if "/" in text or "www." in text:
        text = URL.sub(" ", text)
    return _ADDRESS.sub(" ", text) if "@" in text else text


def shingles(text: str, size: int) -> set[str]:
    """The pieces of ``size`` characters of a text; a shorter text is one piece."""
    return {text[start : start + size] for start in range(max(1, len(text) - size + 1))}


def turns(row: Row, *roles: str) -> Iterator[str]:
    """What was said in a row, by everybody or in some roles."""
    for message in row.get("messages") or []:
        if not roles or message["role"] in roles:
            yield message["content"]


def originals(row: Row) -> Iterator[tuple[str, str]]:
    """Each translated turn with its original; nothing for a row that is no translation."""
    pairs = zip(row.get("original") or [], row.get("messages") or [], strict=False)
    yield from ((original["content"], turn["content"]) for original, turn in pairs)
