"""Choosing one of several options: by their likelihood, or out of a generated reply.

The parser never guesses: a reply that does not name exactly one option has no answer. Such an
answer is wrong, is counted, and is no class of its own.
"""

import re
import unicodedata
from collections.abc import Mapping

from limbeck.evaluation.replies import without_trace

# What may stand around a text, and around a letter or a label: "travel", **B**, (B), - B.
_MARKS = " \t*_`'\"“”‘’«».,:;!?。、，؟।።"
_BRACKETS = "()[]{}<>#-–—=\\$"
# A reason that follows an answer.
_REASON = re.compile(
    r"(?<![\s,.;:–—-])[\s,.;:–—-]++(?:because|since|kwa sababu|kwani)\b.*$", re.IGNORECASE
)
# Words that announce an answer; any word may, before a colon that is none of a ratio or a time.
_ANNOUNCED = re.compile(
    r"^(?P<before>.{0,80}?)(?:(?:\b(?:answer|option|choice|letter|label|topic|category|réponse|jibu"
    r"|herufi)\b|答案)[^.:\n]{0,30}?(?::|\b(?:is|est|ni)\b|是)|[፡፥፦]|:(?!(?<=\d:)\d))\s*(?P<rest>.+)$",
    re.IGNORECASE,
)
# What stands before an answer without announcing it, and what stands after: "Option B is correct."
_LEADING = re.compile(
    r"^\W*(?:I\s+(?:choose|pick|select)|(?:the\s+)?(?:answer|option|choice|letter|label|topic))\b"
    r"\s*+(?!:)",
    re.IGNORECASE,
)
_CONFIRMED = re.compile(
    r"^(.{1,200}?)(?<!\s)\s++is\s+(?:the\s+)?"
    r"(?:(?:correct|right|best)(?:\s+(?:one|answer|option|choice))?|answer)[^\w?]*$",
    re.IGNORECASE,
)
_WRAPPED = re.compile(r"\\(?:boxed|text|textbf|mathrm|mathbf)\s?\{([^{}\n]*)\}")  # of LaTeX
# A letter, a mark or a space, and a text: "B. Nairobi", "(b) Nairobi", "B Nairobi".
_MARKED = re.compile(r"^[\W_]*([^\W\d_])(?:\s*[.):\]*,–—-]+\s*|\s+)(\S.*)$")
_NEGATION = re.compile(
    r"\b(?:not|cannot|neither|nor|never|si|sio|siyo|wala|pas)\b|n['’]t\b|不", re.IGNORECASE
)
# Beside a text these deny it, too; before an announcement they may deny another: "A is wrong, ...".
_DENIAL = re.compile(
    _NEGATION.pattern + r"|\b(?:no|none|wrong|incorrect|false|rather|instead|unlike)\b|\?",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?;]{1,100}[.!]?")
_WORD = re.compile(r"[^\W\d_]{2}")


def best(scores: Mapping[str, float]) -> str:
    """The option of the highest score; of equal ones the first."""
    return max(scores, key=lambda name: scores[name])


def per_character(scores: Mapping[str, float], texts: Mapping[str, str]) -> dict[str, float]:
    """Log-likelihoods over the options' lengths, so that long options are not at a disadvantage.

    Characters and not tokens: the figure must not depend on the tokenizer. (This is `acc_norm` of
    lm-evaluation-harness.)
    """
    return {name: score / max(1, len(texts[name])) for name, score in scores.items()}


def parse(reply: str, options: Mapping[str, str]) -> str | None:
    """The name of the option that a reply chooses, or None.

    An option is chosen by its name (a letter) or its text, alone on a line, marked ("B. Nairobi"),
    or announced ("Answer: B"). An announced answer counts before what else is said; two different
    answers are none. Where a reply is one short sentence, it may mention the text of a label.

    Args:
        reply: what the model said.
        options: name -> text. Labels are their own texts.
    """
    text = _plain(without_trace(reply))
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    announced = {_announced(line, options) for line in lines} - {None}
    found = announced or {_stated(line, options) for line in lines} - {None}
    if not found and len(lines) == 1:
        return _only(lines[0], options)
    return found.pop() if len(found) == 1 else None


def _announced(line: str, options: Mapping[str, str]) -> str | None:
    match = _ANNOUNCED.match(line)
    if match is None or _NEGATION.search(line[: match.start("rest")]):
        return None
    if _name(match["before"]) in map(_name, options):
        return None  # "B: Nairobi" is a marked option, announced by nothing
    if _chosen(line, options):
        return None  # the colon is the option's own
    return _stated(match["rest"], options)


def _stated(line: str, options: Mapping[str, str]) -> str | None:
    """The option that a line states: its name, its text, or both if they agree."""
    found = _chosen(line, options)
    return found.pop() if len(found) == 1 else None


def _chosen(line: str, options: Mapping[str, str]) -> set[str]:
    # An option's own text may give a reason, or begin with "Option": the line is cut only where it
    # is none as it stands.
    short = _REASON.sub("", line)
    for said in (line, short, _bare(line), _bare(short)):
        if found := _named(said, options) or _begun(said, options):
            return found
    return set()


def _bare(line: str) -> str:
    """A line without words around its answer."""
    return _LEADING.sub("", _CONFIRMED.sub(r"\1", line))


def _named(line: str, options: Mapping[str, str]) -> set[str]:
    """The options whose name, text or both a line is."""
    by_name = {name for name in options if _name(name) == _name(line)}
    if by_text := _of_text(line, options):
        # Where texts are names, the text tells which: as names, 5 and -5 are alike.
        return by_name & by_text or by_name | by_text
    match = _MARKED.match(line)
    if by_name or match is None:
        return by_name
    by_name = {name for name in options if _name(name) == _name(match[1])}
    by_text = _of_text(match[2], options)
    return by_name & by_text or by_name | by_text if by_name and by_text else set()


def _begun(line: str, options: Mapping[str, str]) -> set[str]:
    """The option whose name and text a line begins with: "B. Nairobi is the capital of Kenya."

    None if what follows denies it or names another.
    """
    match = _MARKED.match(line)
    if match is None:
        return set()
    by_name = {name for name in options if _name(name) == _name(match[1])}
    mentioned, rest = _mentioned(match[2], options)
    if mentioned != by_name or not rest.lstrip(_MARKS).startswith("\0") or _DENIAL.search(rest):
        return set()
    others = (re.escape(name) for name in options.keys() - by_name)
    return set() if any(re.search(rf"\b{name}\b", rest) for name in others) else by_name


def _only(line: str, options: Mapping[str, str]) -> str | None:
    """The one label that a short sentence mentions and does not deny: "It is about sports"."""
    # The texts of lettered options are asked for by their letters, and numbers stand anywhere.
    if any(name != text or not _WORD.search(text) for name, text in options.items()):
        return None
    mentioned, rest = _mentioned(line, options)
    if len(mentioned) != 1 or _DENIAL.search(rest) or not _SENTENCE.fullmatch(line):
        return None
    return mentioned.pop()


def _mentioned(said: str, options: Mapping[str, str]) -> tuple[set[str], str]:
    """The options whose texts stand in what is said, and this with a NUL for each.

    Of texts within texts the longest counts.
    """
    found, said = set(), _joined(said)
    for name in sorted(options, key=lambda name: -len(options[name])):
        if text := re.escape(_joined(options[name]).strip(_MARKS)):
            whole = re.compile(rf"(?<![\w/-]){text}(?!\w|[.,:/-]\w)", re.IGNORECASE)
            said, times = whole.subn("\0", said)
            found |= {name} if times else set()
    return found, said


def _of_text(said: str, options: Mapping[str, str]) -> set[str]:
    """The options of a text, by the strictest spelling that any has: Tt and TT are two."""
    for spelling in (_exact, _text, lambda text: _text(_joined(text))):
        if found := {name for name, text in options.items() if spelling(text) == spelling(said)}:
            return found
    return set()


def _plain(text: str) -> str:
    """A text without signs of two widths and without LaTeX around it, as in \\boxed{\\text{B}}."""
    return _WRAPPED.sub(r"\1", _WRAPPED.sub(r"\1", unicodedata.normalize("NFKC", text)))


def _exact(text: str) -> str:
    """A text as it is written, but for white space and what is around it."""
    return " ".join(_plain(text).split())


def _text(text: str) -> str:
    """What spellings of one text have in common."""
    return _exact(text).casefold().strip(_MARKS)


def _joined(text: str) -> str:
    """A text whose parts are joined in one way: science/technology, science and technology."""
    return re.sub(r" ?/ ?| (?:and|&) ", "/", _exact(text), flags=re.IGNORECASE)


def _name(text: str) -> str:
    """What spellings of one name have in common."""
    return _text(text).strip(_MARKS + _BRACKETS)
