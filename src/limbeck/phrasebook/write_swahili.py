"""Write a meaning in Swahili."""

from limbeck.phrasebook import grammar
from limbeck.phrasebook.lexicon import Adjective, Name, Noun, Number, Verb
from limbeck.phrasebook.meaning import NP, Clause, Place, Pronoun, marks

_LEADS = {
    "": "",
    "yes": "Ndiyo, ",
    "no": "Hapana, ",
    "because": "Kwa sababu ",
    "please": "Tafadhali ",
}
_OPENINGS = {"why": "kwa nini", "whether": "je,"}


def adjective(word: Adjective, noun_class: str) -> str:
    """An adjective with its concord, if it takes one."""
    return grammar.adjective(word.swahili, noun_class) if word.variable else word.swahili


def number(word: Number, noun_class: str) -> str:
    """A counting word with its concord, if it takes one."""
    return grammar.number(word.swahili, noun_class) if word.variable else word.swahili


def owned_class(np: NP) -> str:
    """The noun class of a possessive with this noun."""
    assert isinstance(np.head, Noun)
    return np.head.owned[1 if np.plural else 0]


def noun_phrase(np: NP) -> str:
    """Noun, possessive or demonstrative, adjective, number, -ote, genitive: in this order."""
    head = np.head
    if not isinstance(head, Noun):
        return head.swahili
    concord = np.concord
    words = [head.swahili_plural if np.plural else head.swahili]
    determiner = np.determiner
    if determiner == "every":
        words.insert(0, "kila")
    elif determiner in ("this", "that"):
        words.append(grammar.demonstrative(concord, determiner == "this"))
    elif determiner and determiner != "all":
        words.append(grammar.possessive(determiner, owned_class(np)))
    if np.adjective:
        words.append(adjective(np.adjective, concord))
    if np.number:
        words.append(number(np.number, concord))
    if determiner == "all":
        words.append(grammar.all_of(concord))
    if np.of:
        words += (grammar.genitive(concord), noun_phrase(np.of))
    return " ".join(words)


def bare(np: NP) -> bool:
    """Whether it is a singular noun with nothing beside it."""
    return not (np.plural or np.determiner or np.adjective or np.number or np.of)


def place(where: Place) -> str:
    """Nyumbani, nchini Kenya, mjini Nairobi, sokoni, katika soko jipya, karibu na mto."""
    head = where.np.head
    words = noun_phrase(where.np)
    if where.relation:
        return f"{where.relation.swahili} {words}"
    if isinstance(head, Name):
        return {"country": "nchini ", "city": "mjini "}.get(head.kind, "") + words
    return goal(where.np)


def goal(np: NP) -> str:
    """Where a movement goes to: Nairobi, sokoni, katika soko jipya."""
    head = np.head
    if not isinstance(head, Noun):
        return head.swahili
    if head.locative and bare(np):
        return head.locative
    return "katika " + noun_phrase(np)


def _object(clause: Clause) -> str:
    if clause.question == "whom":
        return "1"
    return marks(clause.object) if clause.object else ""


def _finite(verb: Verb, clause: Clause, concord: str, object_: str) -> str:
    return grammar.verb(verb.swahili, verb.kind, concord, clause.tense, clause.negative, object_)


def _act(clause: Clause, concord: str) -> str:
    assert clause.verb is not None
    object_ = _object(clause)
    if clause.helper:
        helper = _finite(clause.helper, clause, concord, "")
        return f"{helper} {grammar.infinitive(clause.verb.swahili, object_)}"
    return _finite(clause.verb, clause, concord, object_)


def _be(clause: Clause, concord: str) -> str:
    return grammar.verb("wa", "mono", concord, clause.tense, clause.negative)


def _predicate(clause: Clause, concord: str, agreement: str) -> list[str]:
    frame = clause.frame
    present = clause.tense == "present"
    if frame == "act":
        return [_act(clause, concord)]
    if frame == "located":
        return [grammar.located(concord, clause.negative) if present else _be(clause, concord)]
    if frame in ("have", "exist"):
        if present:
            return [grammar.having(concord, clause.negative)]
        return [_be(clause, concord), "na"]
    words = ["si" if clause.negative else "ni"] if present else [_be(clause, concord)]
    if clause.adjective:
        words.append(adjective(clause.adjective, agreement) + " sana" * clause.very)
    if frame == "compare":
        words.append("kuliko")
    return words


def _complements(clause: Clause) -> list[str]:
    words: list[str] = []
    if clause.object and not isinstance(clause.object.head, Pronoun):
        words.append(noun_phrase(clause.object))
    words.append({"what": "nini", "whom": "nani"}.get(clause.question, ""))
    if clause.goal:
        words.append(goal(clause.goal))
    if clause.adverb:
        words.append(clause.adverb.swahili)
    if clause.place:
        words.append(place(clause.place))
    if clause.time:
        words.append(clause.time.swahili)
    words.append({"where": "wapi", "when": "lini"}.get(clause.question, ""))
    return words


def _subject(clause: Clause, subject: NP) -> str:
    """A pronoun is said only where the predicate does not show it."""
    if clause.question == "who":
        return "nani"
    if isinstance(subject.head, Pronoun):
        silent = clause.tense != "habitual" and (
            clause.frame not in ("is", "compare") or clause.tense != "present"
        )
        return "" if silent else subject.head.swahili
    return noun_phrase(subject)


def _spoken(clause: Clause) -> list[str]:
    subject = clause.subject
    if clause.frame == "exist":
        return [*_predicate(clause, "15", "15"), *_complements(clause)]
    assert subject is not None
    predicate = _predicate(clause, subject.concord, subject.agreement)
    opening = _OPENINGS.get(clause.question, "")
    return [opening, _subject(clause, subject), *predicate, *_complements(clause)]


def _command(clause: Clause) -> list[str]:
    assert clause.verb is not None
    verb = clause.verb
    form = grammar.command(verb.swahili, verb.kind, clause.negative, _object(clause))
    return [form, *_complements(clause)]


def sentence(clause: Clause) -> str:
    """The Swahili sentence, with its capital and its full stop or question mark."""
    words = _command(clause) if clause.frame == "command" else _spoken(clause)
    text = _LEADS[clause.lead] + " ".join(word for word in words if word)
    return text[0].upper() + text[1:] + ("?" if clause.question else ".")
