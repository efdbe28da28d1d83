"""The words: `data/lexicon.tsv` as typed entries.

Columns: swahili, pos, class, forms, english, english_forms, tags, topics.

    noun      class "singular/plural" noun class; forms "plural[,locative]" ("-" none);
              english_forms "plural[,preposition]" (blank regular, "-" a mass noun);
              tags say what verbs and adjectives go with it; animates take the concords 1/2,
              "kin" takes the possessives of 9/10 (rafiki yangu, marafiki zangu)
    verb      class tr | intr | goal (goes to a place) | at (needs a place); forms bantu | loan |
              mono, then "state" (no progressive), "involuntary" (nobody tries to), "past" (a
              helper said of the past only); english_forms "past,participle,-ing,third,
              preposition" (blank regular); tags "subject tags>object tags"
    helper    a verb before an infinitive; "modal" has the present only
    adj       class var | inv; english_forms the comparative (blank: never compared); tags the
              nouns that it fits
    number, time (class: its tenses), adverb, relation (preposition), name
"""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

from limbeck.phrasebook import english as en

TOPIC_NAMES = {
    "science": "science/technology",
    "travel": "travel",
    "politics": "politics",
    "sports": "sports",
    "health": "health",
    "entertainment": "entertainment",
    "geography": "geography",
    "everyday": "everyday",
}


class Noun(NamedTuple):
    """A common noun; an absent form is ""."""

    swahili: str
    swahili_plural: str
    english: str
    english_plural: str
    class_: str
    plural_class: str
    owned: tuple[str, str]  # the classes of its possessives
    tags: frozenset[str]
    topics: tuple[str, ...]
    mass: bool
    locative: str
    preposition: str

    @property
    def animate(self) -> bool:
        """Whether a verb marks it as its object (anamwona), and it is definite as an object."""
        return "human" in self.tags or "animal" in self.tags


class Name(NamedTuple):
    """A proper name; kind is human, country, city or home."""

    swahili: str
    english: str
    kind: str
    tags: frozenset[str]


class Verb(NamedTuple):
    """A verb; `english` is base, past, participle, -ing, third person."""

    swahili: str
    valency: str
    kind: str
    state: bool
    notes: frozenset[str]
    english: tuple[str, str, str, str, str]
    preposition: str
    subjects: frozenset[str]
    objects: frozenset[str]
    topics: tuple[str, ...]


class Adjective(NamedTuple):
    """An adjective; `comparative` is the English one."""

    swahili: str
    variable: bool
    english: str
    comparative: str
    tags: frozenset[str]


class Number(NamedTuple):
    """A counting word of plural nouns."""

    swahili: str
    variable: bool
    english: str


class Time(NamedTuple):
    """A time phrase and the tenses that it goes with ("every": the habitual, without usually)."""

    swahili: str
    english: str
    tenses: frozenset[str]


class Word(NamedTuple):
    """An adverb or a preposition."""

    swahili: str
    english: str
    note: str


class Lexicon(NamedTuple):
    """All entries, in the order of the file."""

    nouns: tuple[Noun, ...]
    names: tuple[Name, ...]
    verbs: tuple[Verb, ...]
    helpers: tuple[Verb, ...]
    adjectives: tuple[Adjective, ...]
    numbers: tuple[Number, ...]
    times: tuple[Time, ...]
    adverbs: tuple[Word, ...]
    relations: tuple[Word, ...]


Row = list[str]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()


def _topics(text: str) -> tuple[str, ...]:
    return tuple(TOPIC_NAMES[name] for name in text.split(",")) if text else ()


def _noun(row: Row) -> Noun:
    swahili, _, classes, forms, english, english_forms, tag_text, topics = row
    tags = _names(tag_text)
    singular, _, plural = classes.replace("-", "").partition("/")
    swahili_plural, _, locative = forms.partition(",")
    english_plural, _, preposition = english_forms.partition(",")
    mass = english_plural == "-"
    none = swahili_plural in ("", "-")
    own = ("9", "10") if "kin" in tags else (singular, plural)
    if tags & {"human", "animal", "fish"}:
        own = own if "kin" in tags else ("1", "2")
        singular, plural = "1", "2"
    return Noun(
        swahili="" if english == "-" else swahili,
        swahili_plural="" if none else swahili_plural,
        english="" if english == "-" else english,
        english_plural="" if none else english_plural or en.plural(english),
        class_=singular,
        plural_class=plural,
        owned=own,
        tags=tags,
        topics=_topics(topics),
        mass=mass,
        locative=locative,
        preposition=preposition,
    )


def _verb(row: Row) -> Verb:
    swahili, pos, valency, kind_text, english, english_forms, tag_text, topics = row
    if pos == "helper":
        valency, kind_text = "helper", valency
    kinds = kind_text.split(",")
    given = (english_forms.split(",") + [""] * 5)[:5]
    past = given[0] or en.past(english)
    subjects, _, objects = tag_text.partition(">")
    return Verb(
        swahili=swahili,
        valency="modal" if "modal" in kinds else valency,
        kind=next((kind for kind in kinds if kind in ("loan", "mono")), "bantu"),
        state="state" in kinds,
        notes=frozenset(kinds),
        english=(
            english,
            past,
            given[1] or past,
            given[2] or en.progressive(english),
            given[3] or (_first_third(english)),
        ),
        preposition=given[4],
        subjects=_names(subjects),
        objects=_names(objects),
        topics=_topics(topics),
    )


def _first_third(english: str) -> str:
    head, space, rest = english.partition(" ")
    return en.third(head) + space + rest


@cache
def load() -> Lexicon:
    """Read the lexicon (once)."""
    rows: dict[str, list[Row]] = {}
    text = files(__package__).joinpath("data/lexicon.tsv").read_text(encoding="utf-8")
    for line in text.splitlines()[2:]:
        row = line.split("\t")
        rows.setdefault(row[1], []).append(row)
    return Lexicon(
        nouns=tuple(_noun(row) for row in rows["noun"]),
        names=tuple(Name(row[0], row[4], row[2], _names(row[6])) for row in rows["name"]),
        verbs=tuple(_verb(row) for row in rows["verb"]),
        helpers=tuple(_verb(row) for row in rows["helper"]),
        adjectives=tuple(
            Adjective(row[0], row[2] == "var", row[4], row[5], _names(row[6]))
            for row in rows["adj"]
        ),
        numbers=tuple(Number(row[0], row[2] == "var", row[4]) for row in rows["number"]),
        times=tuple(Time(row[0], row[4], _names(row[2])) for row in rows["time"]),
        adverbs=tuple(Word(row[0], row[4], row[2]) for row in rows["adverb"]),
        relations=tuple(Word(row[0], row[4], row[2]) for row in rows["relation"]),
    )
