"""Swahili morphology: concords of the noun classes and forms of the verb, as pure string functions.

A concord is named by its noun class ("1" to "11", "14", "15") or, for the first and second
person, by "1s", "2s" and "1p"; the third persons are the classes "1" and "2". Only standard
Swahili is covered (Ashton, "Swahili Grammar"; Mohamed, "Modern Swahili Grammar").
"""

VOWELS = "aeiou"

SUBJECT = {
    "1s": "ni", "2s": "u", "1p": "tu",
    "1": "a", "2": "wa", "3": "u", "4": "i", "5": "li", "6": "ya", "7": "ki", "8": "vi",
    "9": "i", "10": "zi", "11": "u", "14": "u", "15": "ku",
}  # fmt: skip
OBJECT = {
    "1s": "ni", "2s": "ku", "1p": "tu",
    "1": "m", "2": "wa", "3": "u", "4": "i", "5": "li", "6": "ya", "7": "ki", "8": "vi",
    "9": "i", "10": "zi", "11": "u", "14": "u", "15": "ku",
}  # fmt: skip
ADJECTIVE = {
    "1": "m", "2": "wa", "3": "m", "4": "mi", "5": "", "6": "ma", "7": "ki", "8": "vi",
    "9": "n", "10": "n", "11": "m", "14": "m", "15": "ku",
}  # fmt: skip
POSSESSIVE = {
    "1": "w", "2": "w", "3": "w", "4": "y", "5": "l", "6": "y", "7": "ch", "8": "vy",
    "9": "y", "10": "z", "11": "w", "14": "w", "15": "kw",
}  # fmt: skip
POSSESSOR = {"1s": "angu", "2s": "ako", "1": "ake", "1p": "etu", "2": "ao"}
NEAR = {
    "1": "huyu", "2": "hawa", "3": "huu", "4": "hii", "5": "hili", "6": "haya", "7": "hiki",
    "8": "hivi", "9": "hii", "10": "hizi", "11": "huu", "14": "huu", "15": "huku",
}  # fmt: skip
FAR = {
    "1": "yule", "2": "wale", "3": "ule", "4": "ile", "5": "lile", "6": "yale", "7": "kile",
    "8": "vile", "9": "ile", "10": "zile", "11": "ule", "14": "ule", "15": "kule",
}  # fmt: skip
CLASSES = tuple(NEAR)
CONCORDS = tuple(SUBJECT)
TENSES = ("present", "past", "future", "perfect", "habitual")
_MARK = {"present": "na", "past": "li", "future": "ta", "perfect": "me"}
_NEGATIVE_MARK = {"present": "", "past": "ku", "future": "ta", "perfect": "ja"}


def negative_subject(concord: str) -> str:
    """The subject prefix of a negative verb: si-, hu-, ha-, hatu-, hawa-, hau-, hai- ..."""
    special = {"1s": "si", "2s": "hu", "1": "ha"}
    return special.get(concord) or "ha" + SUBJECT[concord]


def tense_prefix(concord: str, tense: str, negative: bool = False) -> str:
    """What stands before the object prefix and the stem: ana-, hata-, hawaja-, hu- ..."""
    if tense == "habitual":
        if negative:
            raise ValueError("the habitual hu- has no negative of its own")
        return "hu"
    if negative:
        return negative_subject(concord) + _NEGATIVE_MARK[tense]
    return SUBJECT[concord] + _MARK[tense]


def object_prefix(concord: str, stem: str) -> str:
    """The object prefix before a stem: m- becomes mw- before a, e, i, o and mu- before u."""
    if concord == "1" and stem[0] in VOWELS:
        return "mu" if stem[0] == "u" else "mw"
    return OBJECT[concord]


def negative_final(stem: str, kind: str) -> str:
    """The stem of the negative present: -a becomes -i (som-i); a loan keeps its vowel."""
    return stem if kind == "loan" else _final(stem, "i")


def subjunctive(stem: str, kind: str) -> str:
    """The stem of the subjunctive: -a becomes -e (som-e); a loan keeps its vowel."""
    return stem if kind == "loan" else _final(stem, "e")


def _final(stem: str, vowel: str) -> str:
    head, space, rest = stem.partition(" ")
    return head[:-1] + vowel + space + rest


def tail(stem: str, kind: str, tense: str, negative: bool = False, object_: str = "") -> str:
    """Object prefix and stem as they follow `tense_prefix`.

    A monosyllabic stem keeps its ku- where the prefix cannot bear the stress: after -na-, -li-,
    -ta- and -me- (ana-ku-la, hata-ku-la), not after hu-, -ku-, -ja- or the bare negative.
    """
    if negative and tense == "present":
        stem = negative_final(stem, kind)
    if object_:
        return object_prefix(object_, stem) + stem
    stressed = tense in ("future",) or (tense in ("present", "past", "perfect") and not negative)
    return "ku" + stem if kind == "mono" and stressed else stem


def verb(
    stem: str, kind: str, concord: str, tense: str, negative: bool = False, object_: str = ""
) -> str:
    """A finite verb. `kind` is "bantu", "loan" (unchanging final vowel) or "mono" (la, nywa).

    Of a stem of several words ("piga kura", vote) the first one is inflected.
    """
    return tense_prefix(concord, tense, negative) + tail(stem, kind, tense, negative, object_)


def infinitive(stem: str, object_: str = "") -> str:
    """The infinitive: kusoma, kula, kwenda, kumsaidia."""
    if object_:
        return "ku" + object_prefix(object_, stem) + stem
    return "kw" + stem if stem == "enda" else "ku" + stem


def command(stem: str, kind: str, negative: bool = False, object_: str = "") -> str:
    """The imperative to one person: soma, kula, msaidie, usisome, usimsahau."""
    marked = object_prefix(object_, stem) if object_ else ""
    if negative:
        return "usi" + marked + subjunctive(stem, kind)
    if object_:
        return marked + subjunctive(stem, kind)
    return "ku" + stem if kind == "mono" else stem


def adjective(stem: str, noun_class: str) -> str:
    """A variable adjective with its concord: mzuri, wazuri, nzuri, jipya, cheupe, meusi, ndefu."""
    if noun_class in ("9", "10"):
        return _nasal(stem)
    prefix = ADJECTIVE[noun_class]
    if noun_class == "5":
        return "ji" + stem if stem == "pya" else ("j" if stem[0] in VOWELS else "") + stem
    if stem[0] not in VOWELS:
        return prefix + stem
    if prefix == "m":
        return "mw" + stem
    if prefix in ("wa", "ma"):
        return prefix[0] + "e" + stem[1:] if stem[0] in "ei" else prefix + stem
    if stem[0] == "i":
        return prefix[:-1] + stem
    return {"ki": "ch", "vi": "vy", "mi": "my", "ku": "kw"}[prefix] + stem


def _nasal(stem: str) -> str:
    special = {"pya": "mpya", "ema": "njema", "wili": "mbili"}
    if stem in special:
        return special[stem]
    first = stem[0]
    if first in VOWELS:
        return "ny" + stem
    if first in "bv":
        return "m" + stem
    if first in "rl":
        return "nd" + stem[1:]
    return "n" + stem if first in "dgzj" else stem


def number(stem: str, noun_class: str) -> str:
    """A counting word with its concord: wawili, vitatu, mbili, minane, wengi, ngapi."""
    if noun_class in ("9", "10") and stem not in ("wili", "ingi"):
        return stem
    return adjective(stem, noun_class)


def possessive(person: str, noun_class: str) -> str:
    """My, your, his, our, their with the concord of what is owned: changu, yako, wake, zetu."""
    return POSSESSIVE[noun_class] + POSSESSOR[person]


def genitive(noun_class: str) -> str:
    """The linking -a: wa, ya, la, cha, vya, za."""
    return POSSESSIVE[noun_class] + "a"


def all_of(noun_class: str) -> str:
    """-ote, all: wote, yote, vyote, zote."""
    return POSSESSIVE[noun_class] + "ote"


def demonstrative(noun_class: str, near: bool = True) -> str:
    """This (huyu, hiki) or that (yule, kile)."""
    return (NEAR if near else FAR)[noun_class]


def having(concord: str, negative: bool = False) -> str:
    """The present of "kuwa na", to have: nina, ana, kina; sina, hana, hakina."""
    return (negative_subject(concord) if negative else SUBJECT[concord]) + "na"


def located(concord: str, negative: bool = False) -> str:
    """To be somewhere: niko, yuko, kiko; siko, hayuko, hakiko."""
    if concord == "1":
        return "hayuko" if negative else "yuko"
    return (negative_subject(concord) if negative else SUBJECT[concord]) + "ko"


def locative(noun: str) -> str:
    """The place form of a noun: sokoni, mtoni."""
    return noun + "ni"
