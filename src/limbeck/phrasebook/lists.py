"""English lists that prompts are made from: topics and scenarios (data/topics.yaml)."""

import random
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from limbeck.phrasebook import sentences, wording
from limbeck.phrasebook.strings import load

_TRIES = 20  # for each item, before longer ones are composed
_NEAR = 0.7  # the share of macro-topics that are of their seed's own topic


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return dict(load("topics.yaml"))


def _subject(label: str | None, rng: random.Random) -> str:
    subjects = _data()["subjects"]
    return str(rng.choice(subjects[label or rng.choice(list(subjects))]))


def _filled(templates: str, subject: str, rng: random.Random) -> str:
    return str(rng.choice(_data()[templates])).format(subject)


def broad_topics(seed: str, count: int, rng: random.Random) -> list[str]:
    """Subjects, as the macro-topics of a seed: most of its own topic, if that is known."""
    label = wording.topic_of(seed)

    def write() -> str:
        return _capital(_subject(label if rng.random() < _NEAR else None, rng))

    return _different(write, count, rng)


def of_label(label: str, count: int, rng: random.Random) -> list[str]:
    """Subjects that texts of a label can be about: of a topic its own, of anything else any."""
    subjects: dict[str, list[str]] = _data()["subjects"]
    lines = subjects.get(label) or [line for own in subjects.values() for line in own]
    return rng.sample(lines, min(count, len(lines)))


def topics(macro_topic: str, count: int, rng: random.Random) -> list[str]:
    """Aspects of a macro-topic."""
    label = wording.topic_of(macro_topic)
    subject = macro_topic[:1].lower() + macro_topic[1:]

    def write() -> str:
        return _filled("aspects", rng.choice((subject, _subject(label, rng))), rng)

    return _different(write, count, rng)


def people(count: int, rng: random.Random) -> list[str]:
    """People in places."""
    return _different(
        lambda: " ".join(rng.choice(_data()[k]) for k in ("people", "places")), count, rng
    )


def broad_scenarios(audience: str, count: int, rng: random.Random) -> list[str]:
    """A person with an aim for a subject."""

    def write() -> str:
        return f"{rng.choice(_data()['people'])} {_filled('aims', _subject(None, rng), rng)}"

    return _different(write, count, rng)


def scenarios(scenario: str, count: int, rng: random.Random) -> list[str]:
    """People in places with aims for subjects of a scenario's topic."""
    label = wording.topic_of(scenario)

    def write() -> str:
        person, place = rng.choice(_data()["people"]), rng.choice(_data()["places"])
        return f"{person} {place} {_filled('aims', _subject(label, rng), rng)}"

    return _different(write, count, rng)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _different(write: Callable[[], str], count: int, rng: random.Random) -> list[str]:
    found: dict[str, None] = {}
    for _ in range(count * _TRIES):
        if len(found) == count:
            break
        found[write()] = None
    while len(found) < count:
        found[f"{write()}: {sentences.compose(rng).english}"] = None
    return list(found)
