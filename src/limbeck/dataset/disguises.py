"""A text without what hides a letter from a comparison and not from a reader.

Signs that are not seen, tone marks and vowel points, digits of other scripts, letters of one script
that look like those of another, and letters that a language spells as it likes.
"""

import sys
import unicodedata

import regex

# Soft hyphens, joiners, variation selectors, tags (Unicode: Default_Ignorable_Code_Point).
_UNSEEN = regex.compile(r"\p{DI}+")
# Marks over and under letters, by their blocks: those of all scripts, of Hebrew, of Arabic, and
# Ethiopic's of length. Not the vowel signs of Indic scripts, without which words fall together, nor
# the voicing of Kana.
_MARKS = regex.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u08d3-\u08ff\u135d-\u135f]+"
)

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
_DIGITS = {
    chr(code): str(unicodedata.decimal(chr(code)))
    for code in range(sys.maxunicode + 1)
    if chr(code).isdecimal() and code > 0x7F
}
_ALIKE = str.maketrans({**_LATIN, **_ARABIC, **_ETHIOPIC, **_DIGITS})


def undisguised(text: str) -> str:
    """The text, case-folded and composed, as a reader would take it.

    >>> undisguised("Р\u0430ris \u00c8d\u00e8 ١٩") == undisguised("paris ede 19")
    True
    """
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", _UNSEEN.sub("", text).casefold())
    composed = unicodedata.normalize("NFC", _MARKS.sub("", decomposed))
    return composed.translate(_ALIKE)
