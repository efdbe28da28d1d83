"""What can be seen from replies themselves: the answer after a trace, script, repetition."""

import re
import unicodedata
from collections.abc import Iterable

# Beginnings of the Unicode names of each script's letters (ISO 15924 codes). The standard library
# does not know the script property itself.
_NAMES = {
    "Arab": ("ARABIC",),
    "Armn": ("ARMENIAN",),
    "Beng": ("BENGALI",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Ethi": ("ETHIOPIC",),
    "Geor": ("GEORGIAN",),
    "Grek": ("GREEK",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Hang": ("HANGUL",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Hebr": ("HEBREW",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA"),
    "Khmr": ("KHMER",),
    "Knda": ("KANNADA",),
    "Laoo": ("LAO ",),
    "Latn": ("LATIN",),
    "Mlym": ("MALAYALAM",),
    "Mymr": ("MYANMAR",),
    "Nkoo": ("NKO",),
    "Olck": ("OL CHIKI",),
    "Orya": ("ORIYA",),
    "Sinh": ("SINHALA",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Tfng": ("TIFINAGH",),
    "Thai": ("THAI",),
    "Tibt": ("TIBETAN",),
}
_COMMON = ("MODIFIER", "FEMININE", "MASCULINE", "MICRO")  # letters of no one script
_LOOP = re.compile(r"(.{1,100}?)\1{3,}", re.DOTALL)
_LOOP_LENGTH = 20


def without_trace(reply: str) -> str:
    """The answer: what follows the reasoning trace. A trace that never ends has no answer."""
    _, closing, after = reply.rpartition("</think>")
    if closing:
        return after.strip()
    return after.partition("<think>")[0].strip() if "<think>" in after else after.strip()


def right_script_rate(replies: Iterable[str], script: str) -> float | None:
    """The share of letters that are of the script; None without letters or for unknown scripts."""
    if script not in _NAMES:
        return None
    right = total = 0
    for reply in replies:
        for character in reply:
            if character.isalpha():
                name = unicodedata.name(character, "").removeprefix("FULLWIDTH ")
                name = name.removeprefix("HALFWIDTH ")
                if not name.startswith(_COMMON):
                    total += 1
                    right += name.startswith(_NAMES[script])
    return right / total if total else None


def repeats(reply: str) -> bool:
    """Whether a reply is caught in a loop: a piece four times in a row, over 20 characters."""
    return any(len(match[0]) >= _LOOP_LENGTH for match in _LOOP.finditer(reply))
