"""Languages by any of their names: name, endonym, alias, ISO 639, BCP-47 or FLORES code.

The first lines of the table ``languages.tsv`` name its version, sources and licence.
"""

import difflib
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.languages import tags
from limbeck.languages.variety import Language, fold

TABLE = Path(__file__).with_name("languages.tsv")

# Benchmarks and corpora whose own labels of languages the table has; empty is not covered.
COVERAGE = (
    "flores",
    "sib200",
    "belebele",
    "global_mmlu",
    "global_mmlu_lite",
    "massive",
    "fineweb2",
    "glotlid",
)

# What the cells of a row look like, where it matters.
_FORMS = {
    "code": "[a-z]{3}_[A-Z][a-z]{3}",
    "name": r"\S.*",
    "iso639_1": "([a-z]{2})?",
    "iso639_3": "[a-z]{3}",
    "bcp47": "[a-z]{2,3}(-[A-Za-z0-9]+)*",
    "script": "[A-Z][a-z]{3}",
    "direction": "ltr|rtl",
}

_LONGEST = 100  # characters of a name
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*")  # langcodes falls over the rest


@functools.cache
def languages() -> tuple[Language, ...]:
    """Every language of the table, by code."""
    return read(TABLE)


def read(path: Path) -> tuple[Language, ...]:
    """The languages of a table.

    Raises:
        UserError: a row is none; the line names it and says why.
    """
    found: dict[str, Language] = {}
    columns: list[str] = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            cells = line.rstrip("\n").split("\t")
            if not line.strip() or line.startswith("#"):
                continue
            if not columns:
                columns = cells
                continue
            try:
                if len(cells) != len(columns):
                    raise ValueError(f"{len(cells)} cells in {len(columns)} columns")
                language = _language(dict(zip(columns, cells, strict=True)))
            except (ValueError, KeyError) as error:
                raise UserError(f"{path}:{number}: no row of the table ({error})") from None
            if language.code in found:
                raise UserError(f"{path}:{number}: there is a row of {language.code} already")
            found[language.code] = language
    return tuple(found.values())


def _language(row: dict[str, str]) -> Language:
    """The language of a row.

    Raises:
        ValueError: a cell is not what it should be. The code becomes the name of a folder.
        KeyError: a column is missing.
    """
    for column, form in _FORMS.items():
        if not re.fullmatch(form, row[column]):
            raise ValueError(f"{column}: {row[column]!r:.60} is not of the form {form}")
    return Language(
        code=row["code"],
        name=row["name"],
        endonym=row["endonym"],
        iso639_1=row["iso639_1"] or None,
        iso639_3=row["iso639_3"],
        bcp47=row["bcp47"],
        script=row["script"],
        script_name=row["script_name"],
        direction=row["direction"],
        aliases=tuple(filter(None, row["aliases"].split("|"))),
        labels={name: row[name] for name in COVERAGE if row[name]},
    )


def covered(language: Language | Mapping[str, Any], benchmark: str) -> str | None:
    """The label by which a benchmark or corpus knows a language; None where it does not.

    Args:
        language: a language, or its card.
        benchmark: one of `COVERAGE`, or a direction of FLORES such as ``flores_from_english``.
    """
    if not isinstance(language, Language):
        language = resolve(str(language["code"]))
    name = "flores" if benchmark.startswith("flores") else benchmark
    if name not in COVERAGE:
        raise ValueError(f"{benchmark}: the table of languages has no such column")
    if benchmark != name and language.code == "eng_Latn":
        return None  # English is not translated into itself
    return language.labels.get(name)


@functools.cache
def _index() -> dict[str, tuple[Language, ...]]:
    index: dict[str, tuple[Language, ...]] = {}
    for language in languages():
        for key in language.folded():
            index[key] = (*index.get(key, ()), language)
    return index


def resolve(name: str) -> Language:
    """The language that a name or code stands for; nothing is guessed.

    A language outside the table is one that langcodes knows by its exact name or code.

    Raises:
        UserError: the name is unknown (with the nearest spellings) or stands for several
            languages (with their codes).
    """
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise UserError(f"languages: {name[:_LONGEST]!r} is no name of a language")
    found = _index().get(fold(name), ()) or _outside(name)
    if len(found) == 1:
        if other := _namesake(name, found[0]):
            raise UserError(
                f"languages: {name!r} is a code of one language and the name of another, "
                f"choose by code: {found[0].code} {found[0].name}, {other}"
            )
        return found[0]
    if found:
        choices = ", ".join(f"{language.code} {language.name}" for language in found)
        raise UserError(f"languages: {name!r} is the name of several, choose by code: {choices}")
    raise UserError(f"languages: {name!r} is no language that Limbeck knows; {_suggestion(name)}")


def _namesake(name: str, language: Language) -> str | None:
    """Another language whose name is written as codes are: Mon, beside ``mon`` for Mongolian.

    Lower case is a code.
    """
    own = (language.name, language.endonym, *language.aliases)
    if len(name) > 3 or not name.istitle() or name in own:
        return None
    other = tags.named(name)
    return " ".join(other) if other and other[0] != language.iso639_3 else None


def _outside(name: str) -> tuple[Language, ...]:
    """The languages that a name or tag stands for which the table itself does not have."""
    tag = tags.parse(name)
    if tag is None:
        return ()
    # Another way to write one of the table: sw-KE, swa-Latn, cmn_Hani.
    rows = _index().get(fold(tag.subtag), ())
    scripts = tags.PARTS.get(tag.script or "", (tag.script,))
    same = tuple(row for row in rows if not tag.given or row.script in scripts)
    return same or (tags.language(name, tag),)


def _suggestion(name: str) -> str:
    """The languages whose names are spelt nearly so, or share all words with this one."""
    key = fold(name)
    names = [known for known in _index() if len(known) > 3]  # codes are all near each other
    bare = key.split("_")[0]  # a code with another script, or with a misspelt one
    keys = [bare] if bare in _index() else difflib.get_close_matches(key, names, n=6, cutoff=0.8)
    words = set(key.split())
    keys = keys or [known for known in names if _one_in_the_other(words, set(known.split()))]
    near = dict.fromkeys(language for known in keys for language in _index()[known])
    if not near:
        return "`limbeck languages` lists the table; any other goes by its ISO 639-3 code"
    choices = [f"{language.code} {language.name}" for language in near]
    return f"did you mean {' or '.join(choices[:4])}?"


def _one_in_the_other(some: set[str], others: set[str]) -> bool:
    """Whether one name has all words of the other: Scottish and Scottish Gaelic."""
    return bool(some) and (some <= others or others <= some)


def search(text: str) -> list[Language]:
    """The languages with ``text`` in their code, a name or the script's name; all for ``""``."""
    wanted = fold(text)
    return [
        language
        for language in languages()
        if any(wanted in key for key in {*language.folded(), fold(language.script_name)})
    ]
