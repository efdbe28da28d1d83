"""Read Swahili that `write_swahili` can write back into its meaning.

`candidates` proposes meanings generously; `translate` keeps the one that is written exactly so.
"""

from collections.abc import Iterator

from limbeck.phrasebook import grammar, write_swahili
from limbeck.phrasebook.lexicon import Noun, Time, Word
from limbeck.phrasebook.meaning import BY_PERSON, NP, PRONOUNS, Clause, Place
from limbeck.phrasebook.swahili_tables import PERSONS, Prefix, Stem, tables

HE = NP(BY_PERSON["1"])
_PRONOUNS = {pronoun.swahili: pronoun for pronoun in PRONOUNS}
_LEADS = (("ndiyo,", "yes"), ("hapana,", "no"), ("kwa sababu", "because"), ("tafadhali", "please"))
_QUESTIONS = {"nini": "what", "nani": "whom", "wapi": "where", "lini": "when"}


def noun_phrase(words: list[str], start: int) -> Iterator[tuple[NP, int]]:
    """The noun phrases that begin at `start` and where each ends, singular before plural."""
    if start >= len(words):
        return
    name, end = tables().names.one(words, start)
    if name:
        yield NP(name), end
    every = words[start] == "kila"
    nouns, end = tables().nouns.at(words, start + every)
    for noun, plural in nouns:
        plain = NP(noun, plural, "every" if every else "")
        np, at = _modified(words, end, plain)
        yield np, at
        if at > end and words[end] in tables().located:  # wako: your, or they are there
            yield plain, end


def _modified(words: list[str], at: int, np: NP) -> tuple[NP, int]:
    """Possessive or demonstrative, adjective, number, -ote and genitive, where they agree."""
    table = tables()
    concord = np.concord
    word = words[at] if at < len(words) else ""
    person = table.possessives.get(word)
    if person and word == grammar.possessive(person, write_swahili.owned_class(np)):
        np, at = np._replace(determiner=person), at + 1
    elif word in table.demonstratives:
        pointing = table.demonstratives[word]
        if word == grammar.demonstrative(concord, pointing == "this"):
            np, at = np._replace(determiner=pointing), at + 1
    word = words[at] if at < len(words) else ""
    for adjective in table.adjectives.get(word, ()):
        if word == write_swahili.adjective(adjective, concord):
            np, at = np._replace(adjective=adjective), at + 1
    word = words[at] if at < len(words) else ""
    for number in table.numbers.get(word, ()):
        if word == write_swahili.number(number, concord):
            np, at = np._replace(number=number), at + 1
            if isinstance(np.head, Noun) and np.head.swahili == np.head.swahili_plural:
                np = np._replace(plural=True)
    word = words[at] if at < len(words) else ""
    if word == grammar.all_of(concord):
        return np._replace(determiner="all"), at + 1
    if word == grammar.genitive(concord):
        for owner, end in noun_phrase(words, at + 1):
            return np._replace(of=owner), end
    return np, at


def _place(words: list[str], start: int) -> Iterator[tuple[Place | None, int]]:
    """The places that begin at `start`; no place at all comes last."""
    relation, end = tables().relations.one(words, start)
    if relation:
        for np, at in noun_phrase(words, end):
            yield Place(relation, np), at
    elif words[start : start + 1] in (["nchini"], ["mjini"]):
        name, end = tables().names.one(words, start + 1)
        if name:
            yield Place(None, NP(name)), end
    for np, at in _goal(words, start):
        yield Place(None, np), at
    yield None, start


def _goal(words: list[str], start: int) -> Iterator[tuple[NP, int]]:
    if words[start : start + 1] == ["katika"]:
        yield from noun_phrase(words, start + 1)
    noun, end = tables().locatives.one(words, start)
    if noun:
        yield NP(noun), end
    name, end = tables().names.one(words, start)
    if name:
        yield NP(name), end


def _rest(words: list[str], start: int, clause: Clause) -> Iterator[Clause]:
    """Adverb, place, time and question word up to the end of the sentence."""
    table = tables()
    adverb: Word | None
    time: Time | None
    adverb, after = table.adverbs.one(words, start)
    for where, at in _place(words, after):
        time, at = table.times.one(words, at)
        question = clause.question
        if at == len(words) - 1 and words[at] in ("wapi", "lini"):
            question, at = _QUESTIONS[words[at]], at + 1
        if at == len(words):
            yield clause._replace(adverb=adverb, place=where, time=time, question=question)


def _arguments(words: list[str], start: int, clause: Clause, marked: str) -> Iterator[Clause]:
    """What the verb needs, then the rest. `marked` is the concord of its object prefix."""
    verb = clause.verb
    assert verb is not None
    if verb.valency == "goal":
        for np, at in _goal(words, start):
            yield from _rest(words, at, clause._replace(goal=np))
        yield from _rest(words, start, clause)
    elif verb.valency == "tr":
        if start < len(words) and words[start] in ("nini", "nani"):
            yield from _rest(words, start + 1, clause._replace(question=_QUESTIONS[words[start]]))
        for np, at in noun_phrase(words, start):
            yield from _rest(words, at, clause._replace(object=np))
        if marked:
            yield from _rest(words, start, clause._replace(object=NP(BY_PERSON[marked])))
    else:
        yield from _rest(words, start, clause)


def _stem(words: list[str], at: int, stem: Stem, clause: Clause) -> Iterator[Clause]:
    """The words after the first word of a verb."""
    end = at + len(stem.more)
    if stem.more and tuple(words[at:end]) != stem.more:
        return
    if stem.verb is None:
        yield from _copula(words, end, clause)
    elif stem.verb.valency in ("helper", "modal"):
        for inner in tables().infinitives.get(words[end] if end < len(words) else "", ()):
            if inner.verb and inner.verb.valency not in ("helper", "modal"):
                stop = end + 1 + len(inner.more)
                if tuple(words[end + 1 : stop]) == inner.more:
                    helped = clause._replace(helper=stem.verb, verb=inner.verb)
                    yield from _arguments(words, stop, helped, inner.object)
    else:
        yield from _arguments(words, end, clause._replace(verb=stem.verb), stem.object)


def _copula(words: list[str], start: int, clause: Clause) -> Iterator[Clause]:
    """After a form of "kuwa": having, a place, a quality, a comparison or a noun."""
    if words[start : start + 1] == ["na"]:
        yield from _thing(words, start + 1, clause._replace(frame="have"))
        return
    yield from _rest(words, start, clause._replace(frame="located"))
    yield from _quality(words, start, clause)


def _quality(words: list[str], start: int, clause: Clause) -> Iterator[Clause]:
    yield from _thing(words, start, clause._replace(frame="is"))
    for adjective in tables().adjectives.get(words[start] if start < len(words) else "", ()):
        after = words[start + 1 :]
        if not after or after == ["sana"]:
            yield clause._replace(frame="is", adjective=adjective, very=bool(after))
        elif after[0] == "kuliko":
            compared = clause._replace(frame="compare", adjective=adjective)
            yield from _thing(words, start + 2, compared)


def _thing(words: list[str], start: int, clause: Clause) -> Iterator[Clause]:
    for np, at in noun_phrase(words, start):
        yield from _rest(words, at, clause._replace(object=np))


def _agreeing(prefix: Prefix, subject: NP | None) -> Iterator[NP]:
    """The subject, if the prefix agrees with it; the pronouns that it may stand for, if none."""
    if subject:
        if prefix.tense == "habitual" or subject.concord in prefix.concords:
            yield subject
    elif prefix.tense != "habitual":
        for person in PERSONS:
            if person in prefix.concords:
                yield NP(BY_PERSON[person])


def _predicate(
    words: list[str], start: int, clause: Clause, subject: NP | None
) -> Iterator[Clause]:
    """What is said of the subject (None: of the pronoun that the verb shows)."""
    if start >= len(words):
        return
    word = words[start]
    if word in ("ni", "si") and subject:
        said = clause._replace(subject=subject, negative=word == "si")
        yield from _quality(words, start + 1, said)
    for prefix in tables().having.get(word, ()):
        for who in _agreeing(prefix, subject):
            said = clause._replace(frame="have", subject=who, negative=prefix.negative)
            yield from _thing(words, start + 1, said)
    for prefix in tables().located.get(word, ()):
        for who in _agreeing(prefix, subject):
            said = clause._replace(frame="located", subject=who, negative=prefix.negative)
            yield from _rest(words, start + 1, said)
    for prefix, stem in split(word):
        for who in _agreeing(prefix, subject):
            said = clause._replace(subject=who, tense=prefix.tense, negative=prefix.negative)
            yield from _stem(words, start + 1, stem, said)


def split(word: str) -> Iterator[tuple[Prefix, Stem]]:
    """The ways to read a word as prefix and stem of a verb."""
    table = tables()
    for cut in range(1, min(len(word), 8)):
        prefixes = table.prefixes.get(word[:cut])
        stems = table.stems.get(word[cut:]) if prefixes else None
        for prefix in prefixes or ():
            for stem in stems or ():
                yield prefix, stem


def _command(words: list[str], clause: Clause) -> Iterator[Clause]:
    for negative, stem in tables().commands.get(words[0], ()):
        order = clause._replace(frame="command", negative=negative)
        yield from _stem(words, 1, stem, order)


def _exist(words: list[str], clause: Clause) -> Iterator[Clause]:
    forms = {"kuna": ("present", False), "hakuna": ("present", True)}
    forms |= {"kulikuwa": ("past", False), "hakukuwa": ("past", True)}
    if words[0] in forms:
        tense, negative = forms[words[0]]
        start = 2 if tense == "past" else 1
        told = clause._replace(frame="exist", tense=tense, negative=negative)
        for meaning in _thing(words, start, told):
            thing = meaning.object
            asked = thing and thing.number and thing.number.english == "how many"
            yield meaning._replace(question="number") if asked else meaning


def _sentence(words: list[str], clause: Clause) -> Iterator[Clause]:
    yield from _exist(words, clause)
    yield from _command(words, clause)
    if words[0] == "nani":
        yield from _predicate(words, 1, clause._replace(question="who"), HE)
    if words[0] in _PRONOUNS:
        yield from _predicate(words, 1, clause, NP(_PRONOUNS[words[0]]))
    for subject, at in noun_phrase(words, 0):
        yield from _predicate(words, at, clause, subject)
    yield from _predicate(words, 0, clause, None)


def candidates(sentence: str) -> Iterator[Clause]:
    """Meanings that the sentence may have."""
    if sentence[-1:] not in (".", "?"):
        return
    text = sentence[:-1]
    clause = Clause("act")
    text = _lowered(text)
    for words, lead in _LEADS:
        if text.startswith(words + " "):
            text = text[len(words) + 1 :]
            clause = clause._replace(lead=lead)
    for words, question in (("kwa nini", "why"), ("je,", "whether")):
        if text.startswith(words + " "):
            text = text[len(words) + 1 :]
            clause = clause._replace(question=question)
    if text:
        yield from _sentence(text.split(" "), clause)


def _lowered(text: str) -> str:
    """The text without its capital, unless it begins with a name."""
    if tables().names.at(text.split(" "), 0)[0]:
        return text
    return text[:1].lower() + text[1:]
