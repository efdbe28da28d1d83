"""Draw meanings at random: one function a frame, each a plausible clause of a topic."""

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from limbeck.phrasebook.lexicon import Adjective, Noun, Time, Verb, load
from limbeck.phrasebook.meaning import HOW_MANY, NP, PRONOUNS, Clause, Place, fits
from limbeck.phrasebook.vocabulary import VAGUE, WILD_PLACES, Scene, adjectives_of, of_topic
from limbeck.phrasebook.write_swahili import noun_phrase

T = TypeVar("T")
Rng = random.Random
HE = NP(PRONOUNS[2])
_TENSES = ("present",) * 4 + ("past",) * 4 + ("future",) * 3 + ("perfect",) * 2 + ("habitual",) * 2
_STATE_TENSES = ("present", "present", "present", "past", "future")
_PEOPLE = tuple(NP(name) for name in load().names if name.kind == "human")
_PRONOUNS = tuple(NP(pronoun) for pronoun in PRONOUNS)
_GENERAL = tuple(
    noun for noun in load().nouns if "human" in noun.tags and not noun.topics
)  # person, child, teacher ...
_TIMES = {
    tense: tuple(time for time in load().times if fits(time, tense))
    for tense in ("present", "past", "future", "perfect", "habitual")
}
_ADVERBS = load().adverbs
_RELATIONS = load().relations
HELPERS = load().helpers
NUMBERS = load().numbers
LEAVE = next(verb for verb in load().verbs if verb.swahili == "ondoka")
ABSTRACT = frozenset(("value", "subject", "game", "evil"))
_POSSESSORS = ("1s", "2s", "1", "1p", "2")


# Few words are common and most are rare, as in any text (Zipf 1949): of 40 words the first comes in
# four of ten draws. A student learns the common ones from few sentences.
_SKEW = 4.0
_FEW = 7


def evenly(rng: Rng, items: Sequence[T]) -> T:
    """One of the items, each as likely as the others."""
    return items[int(rng.random() * len(items))]


def pick(rng: Rng, items: Sequence[T]) -> T:
    """One of the items; of many, the first are far likelier than the last."""
    if len(items) < _FEW:
        return evenly(rng, items)
    return items[int(rng.random() ** _SKEW * len(items))]


def _shows_number(np: NP) -> bool:
    """Whether its Swahili shows that it is a plural (vitabu, nyumba hizi; not nyumba alone)."""
    if not isinstance(np.head, Noun) or not np.head.swahili:
        return True
    if np.head.swahili != np.head.swahili_plural or np.number:
        return True
    return noun_phrase(np) != noun_phrase(np._replace(plural=False))


def phrase(rng: Rng, noun: Noun, shown: bool = False, rich: bool = True) -> NP:
    """A noun phrase around a noun; `shown` when the verb shows its number anyway."""
    plural = not noun.swahili or (bool(noun.swahili_plural) and rng.random() < 0.3)
    rich = rich and not (noun.mass and noun.tags & ABSTRACT)
    draw = rng.random() if rich else 0.0
    determiner = ""
    adjective: Adjective | None = None
    number = None
    if draw > 0.86 and not noun.mass:
        if noun.swahili_plural and noun.swahili and noun.english != "":
            plural = True
            number = pick(rng, NUMBERS)
    elif draw > 0.73:
        determiner = "this" if rng.random() < 0.6 else "that"
    elif draw > 0.62 and ("animal" not in noun.tags or not plural):
        determiner = pick(rng, _POSSESSORS)
    elif draw > 0.58 and not noun.mass:
        determiner = "all" if plural else "every"
    fitting = adjectives_of(noun)
    if rich and fitting and rng.random() < 0.28:
        adjective = pick(rng, fitting)
    np = NP(noun, plural, determiner, adjective, number)
    return np if shown or not plural or _shows_number(np) else np._replace(plural=False)


def _subject(rng: Rng, scene: Scene, topical: bool, shown: bool) -> NP:
    if scene.people and not topical:
        draw = rng.random()
        if draw < 0.22:
            return pick(rng, _PRONOUNS)
        if draw < 0.4:
            return pick(rng, _PEOPLE)
    nouns = scene.subjects
    if topical:
        nouns = tuple(noun for noun in nouns if noun.topics) or nouns
    return phrase(rng, pick(rng, nouns), shown)


def _object(rng: Rng, scene: Scene, subject: NP) -> NP:
    nouns = scene.objects
    noun = pick(rng, nouns)
    draw = rng.random()
    if "human" in scene.verb.objects and draw < 0.25:
        np = pick(rng, _PRONOUNS if draw < 0.12 else _PEOPLE)
        if np.concord != subject.concord:
            return np
    if "place" in noun.tags and draw < 0.15 and noun.topics:
        cities = tuple(name for name in of_topic(noun.topics[0]).names if name.kind != "home")
        if cities and scene.verb.english[0] in ("visit", "see"):
            return NP(pick(rng, cities))
    return phrase(rng, noun, noun.animate)


def _goal(rng: Rng, topic: str, verb: Verb) -> NP:
    words = of_topic(topic)
    if words.names and rng.random() < 0.4:
        name = pick(rng, words.names)
        if name.kind != "home" or verb.swahili not in ("ingia", "safiri kwenda"):
            return NP(name)
    noun = pick(rng, words.goals)
    return _plural_only(phrase(rng, noun)._replace(number=None)) if rng.random() < 0.3 else NP(noun)


def place(rng: Rng, topic: str) -> Place:
    """Somewhere that belongs to the topic."""
    words = of_topic(topic)
    draw = rng.random()
    if words.names and draw < 0.3:
        return Place(None, NP(pick(rng, words.names)))
    if draw < 0.5 and words.spots:
        return Place(pick(rng, _RELATIONS[:3]), NP(pick(rng, words.spots)))
    noun = pick(rng, words.places)
    return Place(None, phrase(rng, noun) if rng.random() < 0.2 else NP(noun))


def time(rng: Rng, tense: str) -> Time | None:
    """A time phrase that goes with the tense."""
    return pick(rng, _TIMES[tense]) if _TIMES[tense] else None


def act(rng: Rng, topic: str) -> Clause:
    """Somebody does something: the commonest frame."""
    words = of_topic(topic)
    scene = pick(rng, words.scenes)
    verb = scene.verb
    helper = None
    tense = evenly(rng, _STATE_TENSES if verb.state else _TENSES)
    free = scene.people and not verb.state and "involuntary" not in verb.notes
    if free and rng.random() < 0.18:
        helper = pick(rng, HELPERS)
        tense = "past" if "past" in helper.notes else pick(rng, ("present", "past"))
        tense = "present" if helper.valency == "modal" else tense
    negative = tense != "habitual" and rng.random() < 0.18
    wanted = verb.valency == "intr" and not scene.exclusive
    subject = _subject(rng, scene, wanted, tense != "habitual")
    if helper and not subject_is_person(subject):
        helper = None
        tense = "past"
    thing = _object(rng, scene, subject) if verb.valency == "tr" else None
    if thing and not scene.exclusive and not _topical(thing) and not _topical(subject):
        subject = _subject(rng, scene, True, tense != "habitual")
    negative = negative and _single(subject)
    clause = Clause("act", subject, tense, negative, helper, verb, thing)
    if verb.valency == "goal":
        clause = clause._replace(goal=_goal(rng, topic, verb))
    elif verb.valency == "at" or rng.random() < 0.3:
        clause = clause._replace(place=place(rng, topic))
    if rng.random() < 0.4:
        clause = clause._replace(time=time(rng, tense))
    elif free and verb.valency != "at" and not helper and rng.random() < 0.25:
        adverb = pick(rng, _ADVERBS)
        if adverb.note != "plural" or subject.many:
            clause = clause._replace(adverb=adverb)
    return clause


def subject_is_person(np: NP) -> bool:
    """Whether it can want or try something."""
    head = np.head
    return not isinstance(head, Noun) or "human" in head.tags


def _single(np: NP) -> bool:
    """Whether "not" is said of it plainly (not of every, all, many or two)."""
    return np.number is None and np.determiner not in ("every", "all")


def _topical(np: NP) -> bool:
    return isinstance(np.head, Noun) and bool(np.head.topics)


def described(rng: Rng, topic: str) -> Clause:
    """Something has a quality."""
    noun, adjectives = pick(rng, of_topic(topic).described)
    subject = phrase(rng, noun)._replace(adjective=None)
    if subject.plural and not _shows_number(subject):
        subject = subject._replace(plural=False)
    draw = rng.random()
    return Clause(
        "is",
        subject,
        tense="present" if draw < 0.75 else "past",
        negative=_single(subject) and rng.random() < 0.2,
        adjective=pick(rng, adjectives),
        very=rng.random() < 0.3,
    )


def role(rng: Rng, topic: str) -> Clause:
    """Somebody is a doctor, a player, a farmer."""
    noun = pick(rng, of_topic(topic).people)
    subject = pick(rng, _PRONOUNS if rng.random() < 0.3 else _PEOPLE)
    if rng.random() < 0.4:
        subject = NP(pick(rng, _GENERAL), False, pick(rng, ("this", "that", *_POSSESSORS)))
    plural = subject.many
    if not noun.swahili_plural or noun.swahili == noun.swahili_plural or "kin" in noun.tags:
        subject, plural = pick(rng, _PEOPLE), False
    fitting = adjectives_of(noun)
    adjective = pick(rng, fitting) if fitting and rng.random() < 0.4 else None
    tense = pick(rng, ("present", "present", "present", "past", "future"))
    what = NP(noun, plural, adjective=adjective)
    return Clause("is", subject, tense, rng.random() < 0.2, object=what)


def compared(rng: Rng, topic: str) -> Clause:
    """One thing is bigger than another."""
    words = of_topic(topic).compared
    noun, adjectives = pick(rng, words)
    adjective = pick(rng, adjectives)
    alike = noun.tags - VAGUE
    same = [other for other, fitting in words if adjective in fitting and other.tags & alike]
    same = same or [noun]
    other = pick(rng, same)
    if other is noun:
        left, right = NP(noun, determiner="this"), NP(noun, determiner="that")
    else:
        left, right = phrase(rng, noun, rich=False), phrase(rng, other, rich=False)
        if rng.random() < 0.6:
            left = left._replace(determiner=pick(rng, ("this", "that", *_POSSESSORS)))
    left, right = _plural_only(left), _plural_only(right)
    return Clause("compare", left, negative=rng.random() < 0.2, object=right, adjective=adjective)


def _plural_only(np: NP) -> NP:
    head = np.head
    if not isinstance(head, Noun):
        return np
    plural = not head.swahili or (np.plural and _shows_number(np))
    return np._replace(plural=plural)


def located(rng: Rng, topic: str) -> Clause:
    """Somebody or something is somewhere."""
    words = of_topic(topic)
    wild = tuple(noun for noun in words.places if noun.tags & WILD_PLACES)
    if wild and rng.random() < 0.4:
        noun = pick(rng, wild)
        where = Place(pick(rng, _RELATIONS[:1]), NP(pick(rng, words.spots)))
        if where.np.head is noun:
            where = Place(where.relation, NP(pick(rng, load().names[12:])))
        return Clause("located", _plural_only(phrase(rng, noun)), place=where)
    else:
        subject = phrase(rng, pick(rng, words.people), True)
        if rng.random() < 0.2:
            subject = pick(rng, _PEOPLE)
        where = place(rng, topic)
    tense = pick(rng, ("present", "present", "past", "future"))
    negative = _single(subject) and rng.random() < 0.2
    return Clause("located", subject, tense, negative, place=where, time=_some(rng, tense))


def _some(rng: Rng, tense: str) -> Time | None:
    return time(rng, tense) if rng.random() < 0.4 else None


def have(rng: Rng, topic: str) -> Clause:
    """Somebody has something."""
    words = of_topic(topic)
    draw = rng.random()
    person: NP = pick(rng, _PRONOUNS if draw < 0.25 else _PEOPLE)
    if draw > 0.5:
        person = phrase(rng, pick(rng, words.people), True)
    thing = phrase(rng, pick(rng, words.owned))
    if thing.determiner in ("every", "all", *_POSSESSORS):
        thing = _plural_only(thing._replace(determiner=""))
    tense = pick(rng, ("present", "present", "past", "future"))
    negative = _single(person) and rng.random() < 0.2
    return Clause("have", person, tense, negative, object=thing, time=_some(rng, tense))


def exist(rng: Rng, topic: str) -> Clause:
    """There is something somewhere."""
    words = of_topic(topic)
    thing = phrase(rng, pick(rng, words.counted))
    if thing.determiner:
        thing = _plural_only(thing._replace(determiner=""))
    negative = not thing.number and rng.random() < 0.25
    where = place(rng, topic)
    if where.np.head is thing.head:
        where = Place(None, NP(pick(rng, load().names[12:36])))
    tense = pick(rng, ("present", "present", "past"))
    return Clause("exist", None, tense, negative, object=thing, place=where, time=_some(rng, tense))


def command(rng: Rng, topic: str) -> Clause:
    """An instruction, or a request with "please"."""
    scenes = of_topic(topic).scenes
    usable = [
        scene
        for scene in scenes
        if scene.people and not scene.verb.state and scene.verb.valency in ("tr", "intr")
    ]
    scene = pick(rng, usable)
    thing = _object(rng, scene, _PRONOUNS[1]) if scene.verb.valency == "tr" else None
    vague = not scene.exclusive and (thing is None or not _topical(thing))
    return Clause(
        "command",
        tense="present",
        negative=rng.random() < 0.3,
        verb=scene.verb,
        object=thing,
        place=place(rng, topic) if vague or rng.random() < 0.25 else None,
        time=pick(rng, _TIMES["habitual"]) if rng.random() < 0.4 else None,
        lead="please" if rng.random() < 0.4 else "",
    )


FRAMES: dict[str, Callable[[Rng, str], Clause]] = {
    "act": act,
    "described": described,
    "role": role,
    "compared": compared,
    "located": located,
    "have": have,
    "exist": exist,
    "command": command,
}
WEIGHTED = (
    ("act",) * 11
    + ("described",) * 2
    + ("role", "compared", "located", "have", "have", "exist", "command")
)


def how_many(clause: Clause) -> Clause:
    """Turn "there are three buses" into "how many buses are there?"."""
    assert clause.object is not None
    return clause._replace(object=clause.object._replace(number=HOW_MANY), question="number")
