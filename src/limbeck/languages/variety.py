"""A language as a value, and the folding of names by which it is found."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

# Accents of Latin, Greek and Cyrillic, Hebrew points, Arabic vowel signs. Not the vowel signs of
# Indic scripts, without which words fall together.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u064b-\u0652]")
_APOSTROPHES = re.compile("['’‘ʼʻ`]")
_NOISE = re.compile(r"[(),]|\b(script|language)\b")


@dataclass(frozen=True, slots=True)
class Language:
    """A written variety of a language; the fields of its card, and its aliases."""

    code: str
    name: str
    endonym: str
    iso639_1: str | None
    iso639_3: str
    bcp47: str
    script: str
    script_name: str
    direction: str
    aliases: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)  # of COVERAGE

    def card(self) -> dict[str, str | None]:
        """What ``language.json`` holds: every field but aliases and labels."""
        names = (field.name for field in fields(self) if field.name not in ("aliases", "labels"))
        return {name: getattr(self, name) for name in names}

    def folded(self) -> set[str]:
        """All by which the language is found, folded."""
        codes = (self.code, self.iso639_1 or "", self.iso639_3, self.bcp47)
        names = (self.name, self.endonym, *self.aliases)
        return {fold(key) for key in (*codes, *names) if key}


def fold(name: str) -> str:
    """A name without case, accents, apostrophes, brackets, doubled spaces, "script", "language".

    >>> fold("Èdè  Yorùbá"), fold("swh-Latn"), fold("N’Ko"), fold("Banjar (Arabic script)")
    ('ede yoruba', 'swh_latn', 'nko', 'banjar arabic')
    """
    text = unicodedata.normalize("NFKD", name.casefold())
    text = _APOSTROPHES.sub("", _ACCENTS.sub("", text))
    return " ".join(_NOISE.sub(" ", text.replace("-", "_")).split())
