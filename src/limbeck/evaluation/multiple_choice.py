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
    r"^(?P<before>.{0,80}?)(?:\b(?:answer|option|choice|letter|label|topic|category|jibu|herufi)\b"
    r"[^.:\n]{0,30}?(?::|\bis\b|\bni\b)|:(?!(?<=\d:)\d))\s*(?P<rest>.+)$",
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
    if _chosen(line, options):
        return None  # the colon is the option's own
    return _stated(match["rest"], options)


def _stated(line: str, options: Mapping[str, str]) -> str | None:
    """The option that a line states: its name, its text, or both if they agree."""
    found = _chosen(line, options)
    return found.pop() if len(found) == 1 else None


def _chosen(line: str, options: Mapping[str, str]) -> set[str]:
    # An option's own text may give a reason: the line is cut only where it is none as it stands.
    return _named(line, options) or _named(_REASON.sub("", line), options)


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


def _of_text(said: str, options: Mapping[str, str]) -> set[str]:
    """The options of a text, by the strictest spelling that any has: Tt and TT are two."""
    for spelling in (_exact, _text):
        if found := {name for name, text in options.items() if spelling(text) == spelling(said)}:
            return found
    return set()


def _exact(text: str) -> str:
    """A text as it is written, but for white space and signs of two widths."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _text(text: str) -> str:
    """What spellings of one text have in common."""
    return _exact(text).casefold().strip(_MARKS)


def _name(text: str) -> str:
    """What spellings of one name have in common."""
    return _text(text).strip(_MARKS + _BRACKETS)
