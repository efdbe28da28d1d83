"""Which words go together: for each topic, its verbs, their subjects and objects, its places."""

from functools import cache
from typing import NamedTuple

from limbeck.phrasebook.lexicon import Adjective, Lexicon, Name, Noun, Verb, load

# What somebody can own, and what can be counted somewhere, by tag.
OWNABLE = frozenset(
    ("goods", "food", "medicine", "money", "luggage", "paper", "clothing", "symptom")
) | {"vehicle", "machine", "tool", "animal", "instrument", "team", "prize"}
COUNTABLE = OWNABLE | {"human", "scenery", "furniture"}
_SIZES = ("kubwa", "dogo", "refu", "fupi")
VAGUE = frozenset(("goods", "place", "human", "animal"))  # too wide to compare things by
WILD_PLACES = frozenset(("scenery", "land", "nature", "waters", "height"))


class Scene(NamedTuple):
    """A verb in a topic. `sure` subjects and objects are words of the topic itself."""

    verb: Verb
    subjects: tuple[Noun, ...]
    objects: tuple[Noun, ...]
    people: bool  # whether names and pronouns may be its subject
    exclusive: bool  # whether the verb alone tells the topic


class Vocabulary(NamedTuple):
    """The words of one topic."""

    scenes: tuple[Scene, ...]
    people: tuple[Noun, ...]
    things: tuple[Noun, ...]
    described: tuple[tuple[Noun, tuple[Adjective, ...]], ...]
    compared: tuple[tuple[Noun, tuple[Adjective, ...]], ...]
    owned: tuple[Noun, ...]
    counted: tuple[Noun, ...]
    places: tuple[Noun, ...]
    goals: tuple[Noun, ...]
    spots: tuple[Noun, ...]  # for near, behind, in front of ...
    names: tuple[Name, ...]  # of towns and countries


def adjectives_of(noun: Noun) -> tuple[Adjective, ...]:
    """The adjectives that fit a noun."""
    return _adjectives()[noun.english or noun.english_plural]


@cache
def _adjectives() -> dict[str, tuple[Adjective, ...]]:
    lexicon = load()
    return {
        noun.english or noun.english_plural: tuple(
            adjective
            for adjective in lexicon.adjectives
            if adjective.tags & noun.tags and not (noun.mass and adjective.swahili in _SIZES)
        )
        for noun in lexicon.nouns
    }


def _scene(verb: Verb, topic: str, lexicon: Lexicon) -> Scene:
    local = [noun for noun in lexicon.nouns if topic in noun.topics or not noun.topics]
    objects = tuple(noun for noun in local if noun.tags & verb.objects)
    return Scene(
        verb=verb,
        subjects=tuple(noun for noun in local if noun.tags & verb.subjects),
        objects=objects,
        people="human" in verb.subjects,
        exclusive=verb.topics == (topic,),
    )


@cache
def of_topic(topic: str) -> Vocabulary:
    """The vocabulary of a topic (made once)."""
    lexicon = load()
    nouns = tuple(noun for noun in lexicon.nouns if topic in noun.topics)
    scenes = [_scene(verb, topic, lexicon) for verb in lexicon.verbs if topic in verb.topics]
    usable = tuple(
        scene
        for scene in scenes
        if (scene.subjects or scene.people) and (scene.objects or scene.verb.valency != "tr")
    )
    far = topic in ("travel", "geography", "politics", "science/technology")
    compared = (
        (noun, tuple(word for word in adjectives_of(noun) if word.comparative))
        for noun in nouns
        if not noun.mass
    )
    return Vocabulary(
        scenes=usable,
        people=tuple(noun for noun in nouns if "human" in noun.tags),
        things=tuple(noun for noun in nouns if not noun.animate),
        described=tuple((noun, adjectives_of(noun)) for noun in nouns if adjectives_of(noun)),
        compared=tuple((noun, fitting) for noun, fitting in compared if fitting),
        owned=tuple(n for n in nouns if n.tags & OWNABLE and not n.tags & {"wild", "insect"}),
        counted=tuple(noun for noun in nouns if noun.tags & COUNTABLE and not noun.mass),
        places=tuple(noun for noun in nouns if "place" in noun.tags),
        goals=tuple(noun for noun in nouns if "place" in noun.tags and "way" not in noun.tags),
        spots=tuple(
            n for n in nouns if n.tags & {"place", "building", "tree"} and "event" not in n.tags
        ),
        names=tuple(
            name
            for name in lexicon.names
            if (name.kind in ("country", "city") and far)
            or (name.kind == "home" and topic in ("everyday", "health"))
        ),
    )
