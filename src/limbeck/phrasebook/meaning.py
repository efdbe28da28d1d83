"""What a sentence says, apart from any language: the tree that both languages are written from."""

from typing import NamedTuple

from limbeck.phrasebook.lexicon import Adjective, Name, Noun, Number, Time, Verb, Word


class Pronoun(NamedTuple):
    """A personal pronoun; `person` is its concord in Swahili."""

    person: str
    swahili: str
    english: str
    english_object: str
    english_possessive: str


# Swahili has no gender: a- is always "he" here, so that each text has one translation. A
# possessive is "her" only when the subject of its sentence is female (Asha, mama).
PRONOUNS = (
    Pronoun("1s", "mimi", "I", "me", "my"),
    Pronoun("2s", "wewe", "you", "you", "your"),
    Pronoun("1", "yeye", "he", "him", "his"),
    Pronoun("1p", "sisi", "we", "us", "our"),
    Pronoun("2", "wao", "they", "them", "their"),
)
BY_PERSON = {pronoun.person: pronoun for pronoun in PRONOUNS}
HOW_MANY = Number("ngapi", True, "how many")


class NP(NamedTuple):
    """A noun phrase. `determiner` is "", this, that, every, all, or a person (a possessive)."""

    head: Noun | Name | Pronoun
    plural: bool = False
    determiner: str = ""
    adjective: Adjective | None = None
    number: Number | None = None
    of: "NP | None" = None

    @property
    def concord(self) -> str:
        """The concord that verbs and adjectives take."""
        head = self.head
        if isinstance(head, Noun):
            return head.plural_class if self.plural else head.class_
        return head.person if isinstance(head, Pronoun) else "1"

    @property
    def agreement(self) -> str:
        """The noun class of an adjective that is said of it."""
        return {"1s": "1", "2s": "1", "1p": "2"}.get(self.concord, self.concord)

    @property
    def many(self) -> bool:
        """Whether English treats it as a plural."""
        return self.plural or (isinstance(self.head, Pronoun) and self.head.person in ("1p", "2"))

    @property
    def female(self) -> bool:
        """Whether English says "her" of it."""
        return not self.plural and not isinstance(self.head, Pronoun) and "female" in self.head.tags


class Place(NamedTuple):
    """A place: at, in or on a noun or name (relation None), or in another relation to it."""

    relation: Word | None
    np: NP


class Clause(NamedTuple):
    """One sentence.

    frame     act, is (noun or adjective), compare, located, have, exist, command
    question  "", what, who, whom, where, when, why, whether, number
    lead      "", yes, no, because, please
    """

    frame: str
    subject: NP | None = None
    tense: str = "present"
    negative: bool = False
    helper: Verb | None = None
    verb: Verb | None = None
    object: NP | None = None
    adjective: Adjective | None = None
    very: bool = False
    goal: NP | None = None
    adverb: Word | None = None
    place: Place | None = None
    time: Time | None = None
    question: str = ""
    lead: str = ""


def marks(np: NP) -> str:
    """The concord by which a verb marks this object, or "" for a lifeless one."""
    head = np.head
    if isinstance(head, Pronoun):
        return head.person
    if isinstance(head, Noun):
        return np.concord if head.animate else ""
    return "1" if head.kind == "human" else ""


def fits(time: Time, tense: str) -> bool:
    """Whether a time phrase goes with a tense."""
    return tense in time.tenses or (tense == "habitual" and "every" in time.tenses)
