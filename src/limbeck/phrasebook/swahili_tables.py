"""What Swahili sentences are made of, by its Swahili: the tables that `read_swahili` looks into.

A verb is split in two, so that no table holds every form: prefixes (subject, tense, negation)
and stems (object prefix, stem, final vowel).
"""

from functools import cache
from typing import NamedTuple

from limbeck.phrasebook import grammar, write_swahili
from limbeck.phrasebook.lexicon import Adjective, Name, Noun, Number, Time, Verb, Word, load
from limbeck.phrasebook.meaning import HOW_MANY
from limbeck.phrasebook.scan import Table

PERSONS = ("1s", "2s", "1", "1p", "2")
_OBJECTS = ("", "1s", "2s", "1", "1p", "2")


class Prefix(NamedTuple):
    """What stands before the object prefix and the stem of a verb."""

    tense: str
    negative: bool
    concords: frozenset[str]


class Stem(NamedTuple):
    """A stem with its object prefix; `more` are the further words of the verb."""

    verb: Verb | None  # None: to be
    object: str
    more: tuple[str, ...]


class Tables(NamedTuple):
    """Everything that Swahili sentences are made of, by its Swahili."""

    nouns: Table[tuple[Noun, bool]]
    names: Table[Name]
    locatives: Table[Noun]
    adjectives: dict[str, list[Adjective]]
    numbers: dict[str, list[Number]]
    demonstratives: dict[str, str]
    possessives: dict[str, str]
    times: Table[Time]
    adverbs: Table[Word]
    relations: Table[Word]
    prefixes: dict[str, list[Prefix]]
    stems: dict[str, list[Stem]]
    infinitives: dict[str, list[Stem]]
    commands: dict[str, list[tuple[bool, Stem]]]
    having: dict[str, list[Prefix]]
    located: dict[str, list[Prefix]]


def _inflected(words: tuple[Adjective, ...] | tuple[Number, ...]) -> dict[str, list[object]]:
    forms: dict[str, list[object]] = {}
    for word in words:
        make = write_swahili.adjective if isinstance(word, Adjective) else write_swahili.number
        for noun_class in grammar.CLASSES:
            found = forms.setdefault(make(word, noun_class), [])  # type: ignore[arg-type]
            if word not in found:
                found.append(word)
    return forms


def _prefixes() -> dict[str, list[Prefix]]:
    found: dict[tuple[str, str, bool], set[str]] = {}
    for concord in grammar.CONCORDS:
        for tense in grammar.TENSES:
            for negative in (False, True):
                if not (negative and tense == "habitual"):
                    prefix = grammar.tense_prefix(concord, tense, negative)
                    found.setdefault((prefix, tense, negative), set()).add(concord)
    table: dict[str, list[Prefix]] = {}
    for (prefix, tense, negative), concords in found.items():
        table.setdefault(prefix, []).append(Prefix(tense, negative, frozenset(concords)))
    return table


def _short(make: str) -> dict[str, list[Prefix]]:
    table: dict[str, list[Prefix]] = {}
    for negative in (False, True):
        found: dict[str, set[str]] = {}
        for concord in grammar.CONCORDS:
            form = (grammar.having if make == "having" else grammar.located)(concord, negative)
            found.setdefault(form, set()).add(concord)
        for form, concords in found.items():
            table.setdefault(form, []).append(Prefix("present", negative, frozenset(concords)))
    return table


def _add(table: dict[str, list[Stem]], form: str, verb: Verb | None, object_: str) -> None:
    first, *more = form.split(" ")
    stem = Stem(verb, object_, tuple(more))
    found = table.setdefault(first, [])
    if stem not in found:
        found.append(stem)


def _stems() -> tuple[dict[str, list[Stem]], dict[str, list[Stem]]]:
    lexicon = load()
    stems: dict[str, list[Stem]] = {}
    infinitives: dict[str, list[Stem]] = {}
    for verb in (*lexicon.verbs, *lexicon.helpers):
        for object_ in _OBJECTS if verb.valency == "tr" else ("",):
            for tense, negative in (("present", False), ("present", True), ("habitual", False)):
                form = grammar.tail(verb.swahili, verb.kind, tense, negative, object_)
                _add(stems, form, verb, object_)
            _add(infinitives, grammar.infinitive(verb.swahili, object_), verb, object_)
    for form in ("kuwa", "wa"):
        _add(stems, form, None, "")
    return stems, infinitives


def _commands() -> dict[str, list[tuple[bool, Stem]]]:
    table: dict[str, list[tuple[bool, Stem]]] = {}
    for verb in load().verbs:
        for object_ in _OBJECTS if verb.valency == "tr" else ("",):
            for negative in (False, True):
                form = grammar.command(verb.swahili, verb.kind, negative, object_)
                first, *more = form.split(" ")
                table.setdefault(first, []).append((negative, Stem(verb, object_, tuple(more))))
    return table


@cache
def tables() -> Tables:
    """The tables (made once)."""
    lexicon = load()
    stems, infinitives = _stems()
    classes = grammar.CLASSES
    return Tables(
        nouns=Table(
            pair
            for noun in lexicon.nouns
            for pair in ((noun.swahili, (noun, False)), (noun.swahili_plural, (noun, True)))
        ),
        names=Table((name.swahili, name) for name in lexicon.names),
        locatives=Table((noun.locative, noun) for noun in lexicon.nouns),
        adjectives=_inflected(lexicon.adjectives),  # type: ignore[arg-type]
        numbers=_inflected((*lexicon.numbers, HOW_MANY)),  # type: ignore[arg-type]
        demonstratives={grammar.demonstrative(c, True): "this" for c in classes}
        | {grammar.demonstrative(c, False): "that" for c in classes},
        possessives={grammar.possessive(p, c): p for c in classes for p in PERSONS},
        times=Table((word.swahili, word) for word in lexicon.times),
        adverbs=Table((word.swahili, word) for word in lexicon.adverbs),
        relations=Table((word.swahili, word) for word in lexicon.relations),
        prefixes=_prefixes(),
        stems=stems,
        infinitives=infinitives,
        commands=_commands(),
        having=_short("having"),
        located=_short("located"),
    )
