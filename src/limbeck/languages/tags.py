"""Languages outside the table, by what Unicode CLDR and IANA's registry know of them.

Names and codes are looked up by langcodes and language_data, which are imported here alone and
only for a name that the table does not have: they load much data.
"""

from typing import Any, NamedTuple

from limbeck.errors import UserError
from limbeck.languages.variety import Language, fold

# Written from right to left.
_RTL = {"Adlm", "Arab", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi"}
_NO_LANGUAGE = {"mis", "mul", "und", "zxx"}
# Scripts that stand for others of the table: cmn-Hani may be either Chinese.
PARTS = {"Hani": ("Hans", "Hant"), "Kore": ("Hang",)}
# Where CLDR's likely script is not that of most texts (Cypriot for Ancient Greek), or it has none.
_SCRIPTS = {"grc": "Grek", "hnj": "Latn", "mww": "Latn", "pnb": "Arab"}

_MORE_NAMES = {"western punjabi": "pnb", "western panjabi": "pnb"}  # CLDR's are of `lah`
# What FineWeb-2 and GlotLID call otherwise than by ISO 639-3 and script: a macrolanguage by its
# member, Chinese in either of its scripts.
_MEMBERS = {"aze": "azj", "uzb": "uzn", "pan_Arab": "pnb"}
_HAN = {"Hans": "Hani", "Hant": "Hani"}


class Tag(NamedTuple):
    """A language that langcodes knows."""

    subtag: str  # as BCP-47 has it: two letters, or three
    script: str | None  # given, or likely by CLDR
    given: bool  # the script was given, or a region that tells it


def parse(name: str) -> Tag | None:
    """What a BCP-47 tag, an ISO 639 code with or without script, or a name stands for.

    None for what stands for no language. Names are exact: English, or the language's own.
    """
    import langcodes

    try:
        found = langcodes.Language.get(name.strip().replace("_", "-"))
        # Variants, extensions and private parts would be lost, and be another language.
        lost = found.variants or found.extensions or found.private
        known = found.is_valid() and found.language and not lost
    except langcodes.LanguageTagError:
        known = False
    if not known:
        found = _by_name(name)
    if found is None or found.language in _NO_LANGUAGE or not _is_language(found):
        return None
    given = bool(found.script) or f"{found.language}-{found.territory}" in _likely_subtags()
    return Tag(found.language, found.script or _likely(found), given)


def named(name: str) -> tuple[str, str] | None:
    """The ISO 639-3 code and the English name of the language of an exact name."""
    found = _by_name(name)
    return (found.to_alpha3(), found.language_name()) if found else None


def _by_name(name: str) -> Any:
    import langcodes

    if known := _MORE_NAMES.get(fold(name)):
        return langcodes.Language.make(language=known)
    for language in ("en", None):
        try:
            found = langcodes.Language.find(name, language)
        except LookupError:
            continue
        # `find` takes a name that only begins so: "Swahilian" would be Swahili.
        names = {fold(found.display_name()), fold(found.autonym())}
        if fold(name) in names | {one.removesuffix(" chinese") for one in names}:
            return found
    return None


def _is_language(found: Any) -> bool:
    """Neither a family (``ber``), nor a code for private use (``qaa``), nor unnamed."""
    name = found.language_name()
    return not name.startswith("Unknown language") and not name.endswith(" languages")


def _likely_subtags() -> dict[str, str]:
    from langcodes.data_dicts import LIKELY_SUBTAGS

    found: dict[str, str] = LIKELY_SUBTAGS
    return found


def _likely(found: Any) -> str | None:
    """The script of a language today, CLDR's, or the registry's."""
    from langcodes.data_dicts import DEFAULT_SCRIPTS

    if found.language in _SCRIPTS:
        return _SCRIPTS[found.language]
    if found.language in _likely_subtags():  # else `maximize` takes it for English
        return str(found.maximize().script)
    script: str | None = DEFAULT_SCRIPTS.get(found.language)
    return script


def language(name: str, tag: Tag) -> Language:
    """The language of a tag, in a script.

    Raises:
        UserError: its script is not known.
    """
    import langcodes

    bare = langcodes.Language.make(language=tag.subtag)
    english = bare.language_name().removesuffix(" (individual language)")
    iso639_3 = bare.to_alpha3()
    if tag.script is None:
        raise UserError(
            f"languages: {name!r} is {english}, but Unicode CLDR does not know its script; "
            f"add it to the code, as in {iso639_3}_Latn or {iso639_3}_Cyrl"
        )
    written = langcodes.Language.make(language=tag.subtag, script=tag.script)
    usual = _likely(bare.prefer_macrolanguage()) in (None, tag.script)
    script_name = written.script_name() + (" Han" if tag.script in PARTS["Hani"] else "")
    code = f"{iso639_3}_{tag.script}"
    member = _MEMBERS.get(code) or _MEMBERS.get(iso639_3, iso639_3)
    label = f"{member}_{_HAN.get(tag.script, tag.script)}"
    return Language(
        code=code,
        name=english if usual else f"{english} ({script_name} script)",
        endonym=(bare if usual else written).autonym(),
        iso639_1=tag.subtag if len(tag.subtag) == 2 else None,
        iso639_3=iso639_3,
        bcp47=tag.subtag if _likely(bare) == tag.script else f"{tag.subtag}-{tag.script}",
        script=tag.script,
        script_name=script_name,
        direction="rtl" if tag.script in _RTL else "ltr",
        # Whether they have this language is not known.
        labels={"fineweb2": label, "glotlid": label},
    )
