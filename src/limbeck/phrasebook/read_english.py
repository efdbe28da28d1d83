"""Read English that `write_english` can write back into its meaning.

`candidates` proposes meanings generously; `translate` keeps the one that is written exactly so.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from limbeck.phrasebook.lexicon import Adjective, Name, Noun, Number, Time, Verb, Word, load
from limbeck.phrasebook.meaning import HOW_MANY, NP, PRONOUNS, Clause, Place
from limbeck.phrasebook.scan import Table

_DETERMINERS = {"the": "", "a": "", "an": "", "this": "this", "that": "that", "these": "this"}
_DETERMINERS |= {"those": "that", "every": "every", "no": "", "her": "1"}
_DETERMINERS |= {pronoun.english_possessive: pronoun.person for pronoun in PRONOUNS}
_SUBJECTS = {pronoun.english: pronoun for pronoun in PRONOUNS}
_OBJECTS = {pronoun.english_object: pronoun for pronoun in PRONOUNS}
_BE = {"am": "present", "is": "present", "are": "present", "was": "past", "were": "past"}
_AUXILIARIES = frozenset((*_BE, "will", "has", "have", "had", "do", "does", "did"))
_MODALS = frozenset(("can", "cannot", "should"))
_WH = frozenset(("what", "whom", "where", "when", "why"))
_LEADS = {"yes,": "yes", "no,": "no", "because": "because", "please": "please"}
_FORMS = ("base", "past", "participle", "progressive", "third")
HE = NP(PRONOUNS[2])


class Tables(NamedTuple):
    """Everything that English sentences are made of, by its English."""

    nouns: Table[tuple[Noun, bool]]
    names: Table[Name]
    adjectives: Table[Adjective]
    comparatives: Table[Adjective]
    numbers: Table[Number]
    times: Table[Time]
    adverbs: Table[Word]
    relations: Table[Word]
    verbs: dict[str, Table[Verb]]  # by form
    helpers: dict[str, Table[Verb]]


@cache
def tables() -> Tables:
    """The tables (made once)."""
    lexicon = load()
    forms = list(enumerate(_FORMS))
    plain = [helper for helper in lexicon.helpers if helper.valency != "modal"]
    return Tables(
        nouns=Table(
            pair
            for noun in lexicon.nouns
            for pair in ((noun.english, (noun, False)), (noun.english_plural, (noun, True)))
        ),
        names=Table((name.english, name) for name in lexicon.names),
        adjectives=Table((word.english, word) for word in lexicon.adjectives),
        comparatives=Table((word.comparative, word) for word in lexicon.adjectives),
        numbers=Table((word.english, word) for word in (*lexicon.numbers, HOW_MANY)),
        times=Table((word.english, word) for word in lexicon.times),
        adverbs=Table((word.english, word) for word in lexicon.adverbs),
        relations=Table((word.english, word) for word in lexicon.relations),
        verbs={name: Table((v.english[i], v) for v in lexicon.verbs) for i, name in forms},
        helpers={name: Table((v.english[i], v) for v in plain) for i, name in forms},
    )


def noun_phrase(words: list[str], start: int, accusative: bool = False) -> tuple[NP | None, int]:
    """The noun phrase at `start` and where it ends, or None."""
    if start >= len(words):
        return None, start
    table = tables()
    pronoun = (_OBJECTS if accusative else _SUBJECTS).get(words[start])
    if pronoun:
        return NP(pronoun), start + 1
    name, end = table.names.one(words, start)
    if name:
        return NP(name), end
    at, determiner = start, ""
    number, at = table.numbers.one(words, at)  # before "a": "a few"
    if number:
        pass
    elif words[at : at + 2] == ["all", "the"]:
        at, determiner = at + 2, "all"
    elif words[at] in _DETERMINERS:
        at, determiner = at + 1, _DETERMINERS[words[at]]
        number, at = table.numbers.one(words, at)
    found, end = table.nouns.at(words, at)
    adjective = None
    if not found:
        adjective, at = table.adjectives.one(words, at)
        found, end = table.nouns.at(words, at)
    if not found:
        return None, start
    noun, plural = found[0]
    np = NP(noun, plural, determiner, adjective, number)
    if end < len(words) and words[end] == "of":
        owner, end_of = noun_phrase(words, end + 1)
        if owner:
            return np._replace(of=owner), end_of
    return np, end


def _place(words: list[str], start: int) -> tuple[Place | None, int]:
    relation, end = tables().relations.one(words, start)
    if not relation and start < len(words) and words[start] in ("at", "in", "on"):
        end = start + 1
    if end == start:
        return None, start
    np, end = noun_phrase(words, end)
    return (Place(relation, np), end) if np else (None, start)


def _rest(words: list[str], start: int, clause: Clause) -> Iterator[Clause]:
    """Adverb, place and time up to the end of the sentence."""
    table = tables()
    adverb, at = table.adverbs.one(words, start)
    where, at = _place(words, at)
    time, at = table.times.one(words, at)
    if at == len(words):
        yield clause._replace(adverb=adverb, place=where, time=time)


def _arguments(words: list[str], start: int, clause: Clause) -> Iterator[Clause]:
    """What the verb needs, then the rest."""
    verb = clause.verb
    assert verb is not None
    if verb.valency == "tr" and clause.question not in ("what", "whom"):
        np, at = noun_phrase(words, start, accusative=True)
        if np:
            yield from _rest(words, at, clause._replace(object=np))
    elif verb.valency == "goal" and clause.question != "where":
        at = start
        if verb.preposition and at < len(words) and words[at] in (verb.preposition, "in"):
            at += 1
        np, at = noun_phrase(words, at)
        if np:
            yield from _rest(words, at, clause._replace(goal=np))
    else:
        yield from _rest(words, start, clause)


def _verbs(words: list[str], start: int, form: str, clause: Clause) -> Iterator[Clause]:
    """A verb in this form, or a helper in this form before a verb."""
    table = tables()
    helpers, at = table.helpers[form].at(words, start)
    for helper in helpers:
        yield from _verbs_only(words, at, "base", clause._replace(helper=helper))
    yield from _verbs_only(words, start, form, clause)


def _verbs_only(words: list[str], start: int, form: str, clause: Clause) -> Iterator[Clause]:
    found, at = tables().verbs[form].at(words, start)
    for verb in found:
        yield from _arguments(words, at, clause._replace(verb=verb))


def _thing(words: list[str], start: int, clause: Clause) -> Iterator[Clause]:
    np, at = noun_phrase(words, start)
    if np:
        yield from _rest(words, at, clause._replace(object=np))


def _copula(words: list[str], start: int, clause: Clause) -> Iterator[Clause]:
    """After a form of "be": a place, a quality, a comparison or a noun."""
    table = tables()
    if clause.question == "where" or _place(words, start)[0]:
        yield from _rest(words, start, clause._replace(frame="located"))
    very = words[start : start + 1] == ["very"]
    quality, at = table.adjectives.one(words, start + very)
    if quality and at == len(words):
        yield clause._replace(frame="is", adjective=quality, very=very)
    more, at = table.comparatives.one(words, start)
    if more and words[at : at + 1] == ["than"]:
        yield from _thing(words, at + 1, clause._replace(frame="compare", adjective=more))
    yield from _thing(words, start, clause._replace(frame="is"))


def _after_auxiliary(
    words: list[str], start: int, auxiliary: str, clause: Clause
) -> Iterator[Clause]:
    if words[start : start + 1] == ["not"]:
        clause, start = clause._replace(negative=True), start + 1
    if auxiliary in _BE:
        yield from _verbs(words, start, "progressive", clause)
        yield from _copula(words, start, clause._replace(tense=_BE[auxiliary]))
    elif auxiliary == "will":
        clause = clause._replace(tense="future")
        if words[start : start + 1] == ["be"]:
            yield from _copula(words, start + 1, clause)
        yield from _have_or_act(words, start, clause)
    elif auxiliary in ("has", "have"):
        yet = clause.negative and words[start : start + 1] == ["yet"]
        yield from _verbs(words, start + yet, "participle", clause._replace(tense="perfect"))
        yield from _thing(words, start, clause._replace(frame="have"))
    elif auxiliary == "had":
        yield from _thing(words, start, clause._replace(frame="have", tense="past"))
    else:
        usually = words[start : start + 1] == ["usually"]
        for tense in ("past",) if auxiliary == "did" else ("present", "habitual"):
            yield from _have_or_act(words, start + usually, clause._replace(tense=tense))


def _have_or_act(words: list[str], start: int, clause: Clause) -> Iterator[Clause]:
    if words[start : start + 1] == ["have"]:
        yield from _thing(words, start + 1, clause._replace(frame="have"))
    yield from _verbs(words, start, "base", clause)


def _modal(words: list[str], start: int, modal: str, clause: Clause) -> Iterator[Clause]:
    no = modal == "cannot" or words[start : start + 1] == ["not"]
    start += modal != "cannot" and no
    name = "can" if modal == "cannot" else modal
    helper = next(word for word in load().helpers if word.english[0] == name)
    yield from _verbs_only(words, start, "base", clause._replace(helper=helper, negative=no))


def _predicate(words: list[str], start: int, clause: Clause) -> Iterator[Clause]:
    """What is said of the subject, in a statement."""
    if start >= len(words):
        return
    word = words[start]
    if word in _MODALS:
        yield from _modal(words, start + 1, word, clause)
    if word in _AUXILIARIES:
        yield from _after_auxiliary(words, start + 1, word, clause)
    usually = word == "usually"
    for tense in ("past", "habitual", "present"):
        forms = ("past",) if tense == "past" else ("third", "base")
        for form in forms:
            yield from _verbs(words, start + usually, form, clause._replace(tense=tense))


def _question(words: list[str], clause: Clause) -> Iterator[Clause]:
    if words[0] == "who":
        yield from _predicate(words, 1, clause._replace(question="who", subject=HE))
        return
    number = words[:2] == ["how", "many"]
    start = 1 if words[0] in _WH else 0
    clause = clause._replace(question=words[0] if start else "whether")
    if number:
        what, at = noun_phrase(words, 0)
        if what and at + 1 < len(words) and words[at + 1] == "there":
            tense = _BE.get(words[at], "present")
            counted = Clause("exist", None, tense, object=what, question="number")
            yield from _rest(words, at + 2, counted)
        return
    if start >= len(words):
        return
    subject, at = noun_phrase(words, start + 1)
    if not subject:
        return
    clause = clause._replace(subject=subject)
    if words[start] in _MODALS:
        yield from _modal(words, at, words[start], clause)
    elif words[start] in _AUXILIARIES:
        yield from _after_auxiliary(words, at, words[start], clause)


def _exist(words: list[str], clause: Clause) -> Iterator[Clause]:
    negative = words[2:3] == ["no"]
    what, at = noun_phrase(words, 2)
    if what and words[1] in _BE:
        told = clause._replace(frame="exist", tense=_BE[words[1]], negative=negative, object=what)
        yield from _rest(words, at, told)


def _statement(words: list[str], clause: Clause) -> Iterator[Clause]:
    if words[0] == "there" and len(words) > 2:
        yield from _exist(words, clause)
        return
    no = words[:2] == ["do", "not"]
    order = clause._replace(frame="command", negative=no)
    yield from _verbs_only(words, 2 if no else 0, "base", order)
    subject, at = noun_phrase(words, 0)
    if subject:
        yield from _predicate(words, at, clause._replace(subject=subject))


def candidates(sentence: str) -> Iterator[Clause]:
    """Meanings that the sentence may have."""
    if sentence[-1:] not in (".", "?"):
        return
    words = sentence[:-1].split(" ")
    first = words[0][:1].lower() + words[0][1:]
    clause = Clause("act")
    if first in _LEADS and len(words) > 1:
        clause = clause._replace(lead=_LEADS[first])
        words = words[1:]
        first = words[0]
    if not tables().names.at(words, 0)[0] and words[0] != "I":
        words[0] = first
    if not words[0]:
        return
    yield from (_question if sentence[-1] == "?" else _statement)(words, clause)
