"""Text in another script than the language's."""

from collections import Counter
from collections.abc import Callable
from functools import cache

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import prose, turns
from limbeck.files import Row

_FEWEST = 10  # letters; of fewer nothing can be said
_NONE = {"Zyyy", "Zinh", "Zzzz"}  # signs of all scripts, of none, and unknown ones

# Codes of ISO 15924 that are no scripts of their own to Unicode: what they are written in.
_PARTS = {
    "Jpan": {"Hani", "Hira", "Kana"},
    "Hrkt": {"Hira", "Kana"},
    "Kore": {"Hang", "Hani"},
    "Hans": {"Hani"},
    "Hant": {"Hani"},
    "Hanb": {"Hani", "Bopo"},
    "Aran": {"Arab"},
    "Cyrs": {"Cyrl"},
    "Geok": {"Geor"},
    "Latf": {"Latn"},
    "Latg": {"Latn"},
    "Syre": {"Syrc"},
    "Syrj": {"Syrc"},
    "Syrn": {"Syrc"},
}
# Text in the one script alone is not in the composite: Chinese is no Japanese.
_OWN = {"Jpan": {"Hira", "Kana"}, "Kore": {"Hang"}}
_LEAST_OWN = 0.1
# National standards hold one form of most characters: what only one holds tells them apart.
_STANDARDS = {"Hans": ("gb2312", "big5"), "Hant": ("big5", "gb2312")}


@cache
def _script(char: str) -> str | None:
    from GlotScript import sp

    found: str | None = sp(char)[0]
    return found


def script_share(text: str, script: str) -> float | None:
    """The share of a text's letters that are in a script (ISO 15924); None if it has too few."""
    counts: Counter[str] = Counter()
    for char, count in Counter(text).items():
        name = _script(char)
        if name and name not in _NONE:
            counts[name] += count
    if counts.total() < _FEWEST:
        return None
    right: float = sum(counts[part] for part in _PARTS.get(script, {script}))
    own = sum(counts[part] for part in _OWN.get(script, ()))
    if script in _OWN and own < _LEAST_OWN * right:
        right = own
    if script in _STANDARDS:
        right *= _standard_share(text, *_STANDARDS[script])
    return right / counts.total()


def _standard_share(text: str, own: str, other: str) -> float:
    only_own = sum(_holds(own, char) > _holds(other, char) for char in text)
    only_other = sum(_holds(own, char) < _holds(other, char) for char in text)
    return only_own / (only_own + only_other) if only_other else 1.0


@cache
def _holds(standard: str, char: str) -> bool:
    return bool(char.encode(standard, "ignore")) and not char.isascii()


def answers_in_english(row: Row) -> bool:
    """Whether a prompt may ask for a translation into English, itself or before its revision."""
    kind = row.get("kind") or ""
    return row.get("strategy") == "context" and (kind == "translate" or kind.startswith("revised"))


def script(code: str, least: float) -> Callable[[Row], Reason]:
    """A turn with too small a share of the language's script; reasoning may be in any.

    Code, URLs and turns of a few letters are not judged.
    """

    def reason(row: Row) -> Reason:
        roles = ("system", "user") if answers_in_english(row) else ()
        for text in turns(row, *roles):
            share = script_share(prose(text), code)
            if share is not None and share < least:
                return Removal("other script", f"{share:.0%} {code}")
        return None

    return reason
