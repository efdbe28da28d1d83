"""How much of a text is in a script.

GlotScript has the script of every letter (Unicode 17); what is here are the scripts of ISO 15924
that to Unicode are several, or a style of another.
"""

from collections import Counter
from functools import cache

_NONE = {"Zyyy", "Zinh", "Zzzz"}  # signs of all scripts, of none, and unknown ones

# Codes of ISO 15924 that are no scripts of their own to Unicode: what they are written in.
PARTS = {
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
_IN_BOTH = "着"  # Big5 lacks it, Hong Kong writes it


@cache
def _script(char: str) -> str | None:
    from GlotScript import sp

    found: str | None = sp(char)[0]
    return found


def script_share(text: str, script: str, fewest: int = 1) -> float | None:
    """The share of a text's letters that are in a script (ISO 15924).

    None where there are fewer than ``fewest`` letters, and for no script at all (Zzzz).
    """
    counts: Counter[str] = Counter()
    for char, count in Counter(text).items():
        name = _script(char)
        if name and name not in _NONE:
            counts[name] += count
    if counts.total() < fewest or script in _NONE:
        return None
    right: float = sum(counts[part] for part in PARTS.get(script, {script}))
    own = sum(counts[part] for part in _OWN.get(script, ()))
    if script in _OWN and own < _LEAST_OWN * right:
        right = own
    if script in _STANDARDS:
        right *= _standard_share(text, *_STANDARDS[script])
    return right / counts.total()


def _standard_share(text: str, own: str, other: str) -> float:
    # The standards differ in punctuation and in letters of other scripts, too.
    han = [char for char in text if _script(char) == "Hani" and char not in _IN_BOTH]
    only_own = sum(_holds(own, char) > _holds(other, char) for char in han)
    only_other = sum(_holds(own, char) < _holds(other, char) for char in han)
    return only_own / (only_own + only_other) if only_other else 1.0


@cache
def _holds(standard: str, char: str) -> bool:
    return bool(char.encode(standard, "ignore"))
