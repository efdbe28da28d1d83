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
# Words that announce an answer; any word may, before a colon.
_ANNOUNCED = re.compile(
    r"^(?P<before>.{0,80}?)(?:\b(?:answer|option|choice|letter|label|topic|category|jibu|herufi)\b"
    r"[^.:\n]{0,30}?(?::|\bis\b|\bni\b)|:)\s*(?P<rest>.+)$",
    re.IGNORECASE,
)
# A letter, a mark or a space, and a text: "B. Nairobi", "(b) Nairobi", "B Nairobi".
_MARKED = re.compile(r"^[\W_]*([^\W\d_])(?:\s*[.):\]*,–—-]+\s*|\s+)(\S.*)$")
_NEGATION = re.compile(r"\b(not|n't|isn't|neither|nor|never|si|sio|siyo|wala)\b", re.IGNORECASE)


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
    answers are none.

    Args:
        reply: what the model said.
        options: name -> text. Labels are their own texts.
    """
    text = unicodedata.normalize("NFKC", without_trace(reply))
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    announced = {_announced(line, options) for line in lines} - {None}
    found = announced or {_stated(line, options) for line in lines} - {None}
    return found.pop() if len(found) == 1 else None


def _announced(line: str, options: Mapping[str, str]) -> str | None:
    match = _ANNOUNCED.match(line)
    if match is None or _NEGATION.search(line[: match.start("rest")]):
        return None
    if _name(match["before"]) in map(_name, options):
        return None  # "B: Nairobi" is a marked option, announced by nothing
    return _stated(match["rest"], options)


def _stated(line: str, options: Mapping[str, str]) -> str | None:
    """The option that a line states: its name, its text, or both if they agree."""
    line = _REASON.sub("", line)
    named = {_name(name): name for name in options}
    by_name = named.get(_name(line))
    by_text = {name for name, text in options.items() if _text(text) == _text(line)}
    if by_name or by_text:
        both = by_text | ({by_name} if by_name else set())
        return both.pop() if len(both) == 1 else None
    match = _MARKED.match(line)
    name = named.get(_name(match[1])) if match else None
    return name if name and match and _text(match[2]) == _text(options[name]) else None


def _text(text: str) -> str:
    """What spellings of one text have in common."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(_MARKS)


def _name(text: str) -> str:
    """What spellings of one name have in common."""
    return _text(text).strip(_MARKS + _BRACKETS)
