"""Write a meaning in English."""

from limbeck.phrasebook import english as en
from limbeck.phrasebook.lexicon import Name, Noun
from limbeck.phrasebook.meaning import BY_PERSON, NP, Clause, Place, Pronoun

_LEADS = {"": "", "yes": "Yes, ", "no": "No, ", "because": "Because ", "please": "Please "}
_QUESTIONS = {"what": "what", "whom": "whom", "where": "where", "when": "when", "why": "why"}
_HAVE = ("have", "had", "had", "having", "has")


def noun_phrase(np: NP, definite: bool = True, accusative: bool = False, her: bool = False) -> str:
    """A noun phrase; `her` makes the third person's possessive female."""
    head = np.head
    if isinstance(head, Pronoun):
        return head.english_object if accusative else head.english
    if isinstance(head, Name):
        return head.english
    words = head.english_plural if np.plural else head.english
    if np.adjective:
        words = np.adjective.english + " " + words
    if np.number:
        words = np.number.english + " " + words
    words = _determined(np, head, words, definite or np.of is not None, her)
    return words + " of " + noun_phrase(np.of) if np.of else words


def _determined(np: NP, head: Noun, words: str, definite: bool, her: bool) -> str:
    determiner = np.determiner
    if not determiner:
        if np.number:
            return words
        if definite:
            return "the " + words
        return words if np.plural or head.mass else f"{en.article(words)} {words}"
    if determiner in ("this", "that"):
        return f"{_near_or_far(determiner, np.plural)} {words}"
    if determiner == "every":
        return "every " + words
    if determiner == "all":
        return "all the " + words
    if her and determiner == "1":
        return "her " + words
    return f"{BY_PERSON[determiner].english_possessive} {words}"


def _near_or_far(determiner: str, plural: bool) -> str:
    return {"this": "these", "that": "those"}[determiner] if plural else determiner


def place(where: Place, her: bool = False) -> str:
    """At home, in Kenya, at the market, near the river."""
    head = where.np.head
    words = noun_phrase(where.np, her=her)
    if where.relation:
        return f"{where.relation.english} {words}"
    if isinstance(head, Name):
        return ("at " if head.kind == "home" else "in ") + words
    return (head.preposition if isinstance(head, Noun) else "at") + " " + words


def _be(subject: NP, tense: str) -> str:
    head = subject.head
    you = isinstance(head, Pronoun) and head.person == "2s"
    if tense == "past":
        return "were" if you or subject.many else "was"
    if isinstance(head, Pronoun) and head.person == "1s":
        return "am"
    return "are" if you or subject.many else "is"


def _third(subject: NP) -> bool:
    head = subject.head
    return not subject.many and not (isinstance(head, Pronoun) and head.person in ("1s", "2s"))


def _verbal(clause: Clause, subject: NP, inverted: bool) -> tuple[str, str]:
    """The auxiliary ("" for none) and the main verb of an act or of having."""
    main = clause.verb.english if clause.verb else _HAVE
    state = clause.frame == "have" or (clause.verb is not None and clause.verb.state)
    after = ""
    if clause.helper:
        if clause.helper.valency == "modal":
            return clause.helper.english[0], main[0]
        state, after, main = clause.helper.state, " " + main[0], clause.helper.english
    base, past, participle, progressive, third = (form + after for form in main)
    tense = clause.tense
    if tense == "present" and not state:
        return _be(subject, tense), progressive
    if tense == "future":
        return "will", base
    if tense == "perfect":
        return "has" if _third(subject) else "have", participle
    usually = ""
    if tense == "habitual" and not (clause.time and "every" in clause.time.tenses):
        usually = "usually "
    if inverted or clause.negative:
        do = "did" if tense == "past" else "does" if _third(subject) else "do"
        return do, usually + base
    return "", usually + (past if tense == "past" else third if _third(subject) else base)


def _auxiliary(clause: Clause, subject: NP, inverted: bool) -> tuple[str, str]:
    if clause.frame in ("act", "have"):
        return _verbal(clause, subject, inverted)
    if clause.tense == "future":
        return "will", "be"
    return _be(subject, clause.tense), ""


def _complements(clause: Clause, her: bool) -> list[str]:
    """What follows the verb, in order."""
    words: list[str] = []
    frame = clause.frame
    if clause.adjective:
        if frame == "compare":
            words += (clause.adjective.comparative, "than")
        else:
            words.append("very " * clause.very + clause.adjective.english)
    if clause.object:
        np = clause.object
        head = np.head
        definite = frame == "compare"
        if frame in ("act", "command"):
            definite = isinstance(head, Noun) and head.animate
        words.append(noun_phrase(np, definite, accusative=True, her=her))
    if clause.goal:
        words.append(_goal(clause, clause.goal, her))
    if clause.adverb:
        words.append(clause.adverb.english)
    if clause.place:
        words.append(place(clause.place, her))
    if clause.time:
        words.append(clause.time.english)
    return words


def _goal(clause: Clause, goal: NP, her: bool) -> str:
    words = noun_phrase(goal, her=her)
    preposition = clause.verb.preposition if clause.verb else ""
    if isinstance(goal.head, Name):
        if goal.head.kind == "home":
            return words
        preposition = "in" if preposition == "at" else preposition
    return f"{preposition} {words}" if preposition else words


def _exist(clause: Clause) -> list[str]:
    what = clause.object
    assert what is not None
    be = _be(what, clause.tense)
    rest = _complements(clause._replace(object=None), False)
    if clause.question == "number":
        return [noun_phrase(what, False), be, "there", *rest]
    words = noun_phrase(what, clause.negative)
    if clause.negative:  # "there is no teacher", whatever its article
        words = "no " + words.removeprefix("the ")
    return ["there", be, words, *rest]


def _command(clause: Clause) -> list[str]:
    assert clause.verb is not None
    words = ["do not"] if clause.negative else []
    return [*words, clause.verb.english[0], *_complements(clause, False)]


def _spoken(clause: Clause) -> list[str]:
    subject = clause.subject
    assert subject is not None
    her = subject.female
    question = clause.question
    inverted = question not in ("", "who")
    auxiliary, main = _auxiliary(clause, subject, inverted)
    rest = _complements(clause, her)
    no = ["not"] if clause.negative else []
    if clause.negative and clause.tense == "perfect":
        no = ["not yet"]
    if clause.negative and auxiliary == "can" and not inverted:
        auxiliary, no = "cannot", []
    name = "who" if question == "who" else noun_phrase(subject)
    if inverted:
        return [_QUESTIONS.get(question, ""), auxiliary, name, *no, main, *rest]
    return [name, auxiliary, *no, main, *rest]


def sentence(clause: Clause) -> str:
    """The English sentence, with its capital and its full stop or question mark."""
    if clause.frame == "exist":
        words = _exist(clause)
    elif clause.frame == "command":
        words = _command(clause)
    else:
        words = _spoken(clause)
    text = _LEADS[clause.lead] + " ".join(word for word in words if word)
    return text[0].upper() + text[1:] + ("?" if clause.question else ".")
