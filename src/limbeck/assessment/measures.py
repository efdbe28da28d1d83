"""What a teacher's texts say about it: language, diversity, what can be used.

All are of texts alone, without references: they tell a teacher that writes in another language or
repeats itself, not one that is wrong.
"""

from collections.abc import Sequence

from limbeck.benchmarks.replies import repeats, right_script_rate
from limbeck.files import Row

BEGINNING = 300  # characters of a text that diversity is measured on, so that length does not count
GRAM = 8  # characters: no word splitting, so Thai, Lao and Tibetan work
_OWN_SCRIPT = 0.5  # least share of the letters; names, loans and code are often Latin


def in_language(text: str, card: Row) -> bool | None:
    """Whether a text is in the language, as far as its script tells; None where nothing tells."""
    share = right_script_rate([text], str(card["script"]))
    return None if share is None else share >= _OWN_SCRIPT


def grams(text: str) -> list[str]:
    """The n-grams of characters at the beginning of a text; a short text is one of them."""
    plain = " ".join(text.casefold().split())[:BEGINNING]
    return [plain[start : start + GRAM] for start in range(max(1, len(plain) - GRAM + 1))]


def distinct(texts: Sequence[str]) -> float | None:
    """Different n-grams over all n-grams (distinct-n; Li et al. 2016, N16-1014), 0 to 1."""
    found = [gram for text in texts for gram in grams(text)]
    return len(set(found)) / len(found) if found else None


def self_similarity(texts: Sequence[str]) -> float | None:
    """Mean similarity of a text to the one most like it: Jaccard, of n-grams, 0 to 1."""
    if len(texts) < 2:
        return None
    sets = [frozenset(grams(text)) for text in texts]
    nearest = [0.0] * len(sets)
    for one, own in enumerate(sets):
        for other in range(one):
            shared = len(own & sets[other])
            similarity = shared / (len(own) + len(sets[other]) - shared)
            nearest[one] = max(nearest[one], similarity)
            nearest[other] = max(nearest[other], similarity)
    return sum(nearest) / len(nearest)


def usable(rows: Sequence[Row], card: Row) -> list[Row]:
    """The rows that a training set could have: in the language, in no loop, no answer twice."""
    kept: dict[str, Row] = {}
    for row in rows:
        texts = (row["prompt"], row["response"])
        wrong = any(in_language(text, card) is False for text in texts)
        if not row["failure"] and not wrong and not repeats(row["response"]):
            kept.setdefault(" ".join(row["response"].split()).casefold(), row)
    return list(kept.values())
