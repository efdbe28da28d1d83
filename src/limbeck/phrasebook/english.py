"""English morphology, as far as the phrasebook needs it."""

VOWELS = "aeiou"
_AN = ("honest", "hour")  # a vowel is heard first
_A = ("university", "universities", "useful", "ugali")  # a consonant is heard first, or no article


def plural(noun: str) -> str:
    """The regular plural: books, matches, cities."""
    return _with_s(noun)


def third(verb: str) -> str:
    """The regular third person: reads, washes, carries."""
    return _with_s(verb)


def _with_s(word: str) -> str:
    if word.endswith("y") and word[-2] not in VOWELS:
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")


def past(verb: str) -> str:
    """The regular past: helped, measured, carried."""
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in VOWELS:
        return verb[:-1] + "ied"
    return verb + "ed"


def progressive(verb: str) -> str:
    """The regular -ing form: reading, measuring, seeing."""
    return (verb[:-1] if verb.endswith("e") and verb[-2] not in "ey" else verb) + "ing"


def article(words: str) -> str:
    """ "a" or "an" before these words."""
    if words.startswith(_AN):
        return "an"
    return "a" if words.startswith(_A) or words[0] not in VOWELS else "an"
