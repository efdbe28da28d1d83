"""A text without what hides a letter from a comparison and not from a reader.

Signs that are not seen, tone marks and vowel points, digits of other scripts, letters of one script
that look like those of another, and letters that a language spells as it likes.
"""

import sys
import unicodedata
from functools import cache

import regex

# Soft hyphens, joiners, variation selectors, tags (Unicode: Default_Ignorable_Code_Point).
_UNSEEN = regex.compile(r"\p{DI}+")
# Marks over and under letters, by their blocks: those of all scripts, of Hebrew, of Arabic, and
# Ethiopic's of length. Not the vowel signs of Indic scripts, without which words fall together, nor
# the voicing of Kana.
_MARKS = (
    (0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),
    (0x0591, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06ED),
    (0x08D3, 0x08FF), (0x135D, 0x135F),
)  # fmt: skip
_DROPPED = {chr(code): None for first, last in _MARKS for code in range(first, last + 1)}

# After case folding: Cyrillic, Greek and phonetic letters by the Latin ones that they look like
# (a choice from Unicode Technical Standard 39, confusables.txt; capitals look alike where small
# letters do not, so that the folded "в" of a "В" is a "b").
_LATIN = {
    **dict(zip("авекмнорстухіјѕһԁԛԝґєӏ", "abekmhopctyxijshdqwrel", strict=True)),
    **dict(zip("αβεηικμνορτυχζγ", "abehikmvoptuxzy", strict=True)),
    **dict(zip("ɑɡıɩ", "agii", strict=True)),
}
# Arabic letters that stand for one another between languages and keyboards.
_ARABIC = dict(zip("ىیېکڪھہەةٱ", "يييككهههها", strict=True))
# Ethiopic series that sound alike in Amharic and are spelt for one another, with their forms.
_ETHIOPIC = {
    chr(ord(first) + form): chr(ord(kept) + form)
    for first, kept in ("ሐሀ", "ኀሀ", "ሠሰ", "ዐአ", "ፀጸ")
    for form in range(7)
}


@cache
def _alike() -> dict[int, str | None]:
    """What stands for what; made when it is wanted, for it looks at all of Unicode for digits."""
    digits = {
        chr(code): str(unicodedata.decimal(chr(code)))
        for code in range(0x80, sys.maxunicode + 1)
        if chr(code).isdecimal()
    }
    return str.maketrans({**_DROPPED, **_LATIN, **_ARABIC, **_ETHIOPIC, **digits})


def undisguised(text: str) -> str:
    """The text, case-folded and composed, as a reader would take it.

    >>> undisguised("Р\u0430ris \u00c8d\u00e8 ١٩") == undisguised("paris ede 19")
    True
    """
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", _UNSEEN.sub("", text).casefold())
    return unicodedata.normalize("NFC", decomposed.translate(_alike()))
