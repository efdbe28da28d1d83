"""Compose grammatical Swahili sentences with their English, over the topics of SIB-200.

API (all deterministic for a given state of `rng`, on any platform):

    TOPICS                                   the seven SIB-200 labels and "everyday"
    compose(rng, topic, held_out)            one statement, 3-12 words
    question_answer(rng, topic, held_out)    a question and the statement that answers it
    quiz(rng, topic, held_out)               the same with four short options, one of them right
    is_held_out(key)                         the split: 1 English text in 8

Each English text has one Swahili text and the reverse (see `translate`), by these rules:

- Swahili has no articles: a bare subject or place is "the", a bare object is "a" or nothing, and a
  person or animal as object is "the" and marked in the verb (anamwona mtoto: sees the child).
- Swahili has no gender: a- is "he"; "her" is said only with a female subject (Asha anasoma kitabu
  chake: Asha is reading her book). "You" is always one person (u-).
- -na- is "is reading" ("likes", for states), hu- "usually reads" or "reads every day", -me- "has
  read", its negative -ja- "has not yet read".
- A plural that Swahili does not show (nyumba) is not written.
"""

import hashlib
import random
from typing import NamedTuple

from limbeck.phrasebook import frames, write_english, write_swahili
from limbeck.phrasebook.frames import FRAMES, WEIGHTED, evenly, pick
from limbeck.phrasebook.meaning import BY_PERSON, NP, Clause, Place, Pronoun, marks

TOPICS: tuple[str, ...] = (
    "science/technology",
    "travel",
    "politics",
    "sports",
    "health",
    "entertainment",
    "geography",
    "everyday",
)


class Sentence(NamedTuple):
    """One sentence in both languages; `key` is what `is_held_out` takes."""

    english: str
    swahili: str
    topic: str
    frame: str
    key: str


class Phrase(NamedTuple):
    """A short answer (a noun phrase, a place or a time), without a full stop."""

    english: str
    swahili: str


class Quiz(NamedTuple):
    """A question, the statement that answers it, four options and the index of the right one."""

    question: Sentence
    answer: Sentence
    options: tuple[Phrase, ...]
    correct: int


def is_held_out(key: str) -> bool:
    """Whether an English text belongs to the test split (1 in 8, by sha256 of its lower case)."""
    return hashlib.sha256(key.lower().encode()).digest()[0] < 32


def _sentence(clause: Clause, topic: str, frame: str, english: str) -> Sentence:
    return Sentence(english, write_swahili.sentence(clause), topic, frame, english.lower())


def _short(english: str, frame: str = "") -> bool:
    # Four to six words; a comparison names two things and cannot do with so few.
    return 2 < english.count(" ") < (8 if frame == "compared" else 6)


def compose(rng: random.Random, topic: str | None = None, held_out: bool = False) -> Sentence:
    """A statement about `topic` (any, when None), from the asked side of the split only."""
    topic = topic or evenly(rng, TOPICS)
    while True:
        frame = evenly(rng, WEIGHTED)
        clause = FRAMES[frame](rng, topic)
        english = write_english.sentence(clause)
        if _short(english, frame) and is_held_out(english) == held_out:
            return _sentence(clause, topic, frame, english)


def _asked(rng: random.Random, topic: str) -> tuple[Clause, Clause, str]:
    """A question, the clause that answers it, and the kind of question."""
    kind = evenly(rng, ("what", "who", "where", "when", "why", "whether", "number"))
    if kind == "number":
        clause = frames.exist(rng, topic)
        while not (clause.object and clause.object.number):
            clause = frames.exist(rng, topic)
        return frames.how_many(clause), clause, kind
    clause = frames.act(rng, topic)
    question = _question(rng, topic, kind, clause)
    while question is None:
        clause = frames.act(rng, topic)
        question = _question(rng, topic, kind, clause)
    return question[0], question[1], kind


def _question(
    rng: random.Random, topic: str, kind: str, clause: Clause
) -> tuple[Clause, Clause] | None:
    if kind == "why":
        return _why(rng, topic, clause)
    if kind == "whether":
        answer = clause._replace(lead="no" if clause.negative else "yes")
        return clause._replace(question="whether", negative=False), answer
    clause = clause._replace(negative=False)
    if kind == "what":
        return _what(clause)
    if kind == "who":
        subject, thing = clause.subject, clause.object
        if subject is None or not frames.subject_is_person(subject) or clause.adverb:
            return None
        if isinstance(subject.head, Pronoun):
            return None
        if thing and thing.determiner in ("1", "2"):
            return None
        return clause._replace(subject=frames.HE, question="who"), clause
    if kind == "where":
        if not (clause.place or clause.goal) or clause.verb == frames.LEAVE:
            return None
        return clause._replace(place=None, goal=None, time=None, question="where"), clause
    if not clause.time or clause.tense not in ("past", "future"):
        return None
    return clause._replace(time=None, question="when"), clause


def _what(clause: Clause) -> tuple[Clause, Clause] | None:
    if clause.object is None:
        return None
    if not marks(clause.object):
        return clause._replace(object=None, question="what"), clause
    if frames.subject_is_person(clause.object):
        return clause._replace(object=None, question="whom"), clause
    return None  # of animals neither "whom" nor "what" is asked


def _why(rng: random.Random, topic: str, clause: Clause) -> tuple[Clause, Clause] | None:
    """Why: because he wants to do something of the same topic."""
    if clause.subject is None or not frames.subject_is_person(clause.subject) or clause.helper:
        return None
    reason = frames.act(rng, topic)
    verb = reason.verb
    if verb is None or verb is clause.verb or "human" not in verb.subjects or verb.state:
        return None
    wish = pick(rng, [helper for helper in frames.HELPERS if helper.state])
    because = Clause(
        "act",
        clause.subject,
        helper=wish,
        verb=verb,
        object=reason.object,
        goal=reason.goal,
        place=reason.place if verb.valency == "at" else None,
        lead="because",
    )
    return clause._replace(question="why", adverb=None, time=None), because


_OTHER_SIDE = {"1s": "2s", "2s": "1s"}


def _turned(np: NP | None) -> NP | None:
    """The noun phrase as the one who was asked says it: you become I, my becomes your."""
    if np is None:
        return None
    if isinstance(np.head, Pronoun):
        return NP(BY_PERSON[_OTHER_SIDE.get(np.head.person, np.head.person)])
    return np._replace(determiner=_OTHER_SIDE.get(np.determiner, np.determiner))


def _reply(clause: Clause) -> Clause:
    """The answer as the one who was asked says it."""
    where = clause.place
    return clause._replace(
        subject=_turned(clause.subject),
        object=_turned(clause.object),
        goal=_turned(clause.goal),
        place=Place(where.relation, _turned(where.np) or where.np) if where else None,
    )


def _impersonal(clause: Clause) -> bool:
    """Whether neither "I" nor "you" is in it, so that it reads the same for everybody."""
    where = clause.place.np if clause.place else None
    return all(
        np is None or _turned(np) == np
        for np in (clause.subject, clause.object, clause.goal, where)
    )


def question_answer(
    rng: random.Random, topic: str | None = None, held_out: bool = False
) -> tuple[Sentence, Sentence]:
    """A question and the statement that answers it, both from the asked side of the split."""
    topic = topic or evenly(rng, TOPICS)
    while True:
        question, answer, kind = _asked(rng, topic)
        answer = _reply(answer)
        asked, told = write_english.sentence(question), write_english.sentence(answer)
        if (
            is_held_out(asked) == held_out == is_held_out(told)
            and _short(told)
            and asked.count(" ") < 8
        ):
            return _sentence(question, topic, kind, asked), _sentence(answer, topic, kind, told)


_OPTION_KINDS = ("what", "where", "when", "who", "number")


def _option(clause: Clause, kind: str) -> Phrase | None:
    """The part of an answer that was asked for, said on its own."""
    if kind == "number" and clause.object and clause.object.number:
        number = clause.object.number
        return Phrase(number.english, write_swahili.number(number, clause.object.concord))
    if kind == "when" and clause.time:
        return Phrase(clause.time.english, clause.time.swahili)
    if kind == "where" and (clause.place or clause.goal):
        where = clause.place or Place(None, clause.goal or frames.HE)
        return Phrase(write_english.place(where), write_swahili.place(where))
    np = clause.subject if kind == "who" else clause.object if kind == "what" else None
    if np is None or isinstance(np.head, Pronoun):
        return None
    person = frames.subject_is_person(np)
    if person != (kind == "who"):
        return None
    return Phrase(write_english.noun_phrase(np, person), write_swahili.noun_phrase(np))


def _wrong(rng: random.Random, topic: str, kind: str, answer: Clause) -> Phrase | None:
    """An option of the same kind that another clause would have had; None when it has none."""
    if kind == "number" and answer.object:
        number = pick(rng, frames.NUMBERS)
        return _option(answer._replace(object=answer.object._replace(number=number)), kind)
    if kind == "when":
        return _option(answer._replace(time=frames.time(rng, answer.tense)), kind)
    if kind == "where":
        return _option(answer._replace(place=frames.place(rng, topic)), kind)
    return _option(frames.act(rng, topic), kind)


def quiz(rng: random.Random, topic: str | None = None, held_out: bool = False) -> Quiz:
    """A question, its answer and four different short options of the same kind."""
    topic = topic or evenly(rng, TOPICS)
    while True:
        question, answer, kind = _asked(rng, topic)
        if kind not in _OPTION_KINDS or not _impersonal(answer):
            continue
        asked, told = write_english.sentence(question), write_english.sentence(answer)
        right = _option(answer, kind)
        if right is None or not is_held_out(asked) == held_out == is_held_out(told):
            continue
        options = [right]
        while len(options) < 4:
            wrong = _wrong(rng, topic, kind, answer)
            if wrong and all(
                wrong.english != one.english and wrong.swahili != one.swahili for one in options
            ):
                options.append(wrong)
        correct = int(rng.random() * 4)
        options[0], options[correct] = options[correct], options[0]
        pair = (_sentence(question, topic, kind, asked), _sentence(answer, topic, kind, told))
        return Quiz(*pair, tuple(options), correct)
