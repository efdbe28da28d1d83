"""What a reply to "which label?" says: one label, or none.

The parser takes a reply as a person would. It never guesses: a reply that names no label, two of
them, or the opposite of one says nothing, and a score counts it as wrong. (The scorer that was
released with arXiv 2601.16278 made a class of such replies, and counted numbers from 1 in the
prompt but from 0 in the reply.)
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from limbeck.classification.tasks import fold
from limbeck.files import outside

_TRACE = re.compile(r"^.*</think>", re.DOTALL)
_FENCE = re.compile(r"^```\w*\n(.*?)\n?```$", re.DOTALL)
_NUMBER = re.compile(
    r"^\W*(?:(?:option|label|class|answer|category|number|no)\W+)*(\d+)\W*(.*)$", re.DOTALL
)
# "positive. The writer ...", "label: positive", "positive (not negative)", "positive, because ..."
_BREAK = re.compile(
    r"[.;:!?\n()=]|—|->|,?(?<!\s)\s++(?:because|since|as (?:the|it|this)|rather than|instead of)\b"
)
_NOT = {"not", "isn't", "isnt", "never", "neither", "nor", "no", "non", "hardly", "than", "cannot"}


def parse(
    reply: str, labels: Sequence[str], aliases: Mapping[str, str] | None = None
) -> str | None:
    """The label that a reply names, or None.

    Args:
        reply: free text, a number that counts ``labels`` from 1, or JSON with a "label".
        labels: as the prompt listed them.
        aliases: further names of labels -> label.
    """
    text = _plain(reply)
    names = {fold(name): label for name, label in (aliases or {}).items()}
    names |= {fold(label): label for label in labels}
    if exact := names.get(fold(text)):
        return exact
    if (match := _NUMBER.match(text)) and len(match[1]) < 10:
        return _numbered(int(match[1]), match[2], labels, names)
    parts = {names.get(fold(part)) for part in _BREAK.split(text)} - {None}
    if len(parts) == 1:
        return parts.pop()
    return _mentioned(text, names)


def _plain(reply: str) -> str:
    """The reply without a reasoning trace, a code fence, JSON and markup."""
    text = _TRACE.sub("", unicodedata.normalize("NFKC", reply)).strip()
    if fence := _FENCE.match(text):
        text = fence[1].strip()
    if text.startswith(("{", '"')):
        try:
            value = outside.loads(text)
        except ValueError:
            value = None
        if isinstance(value, dict):
            value = value.get("label", value.get("answer"))
        if isinstance(value, str | int) and not isinstance(value, bool):
            text = str(value)
    return text.replace("’", "'").replace("**", "").strip(" \t\n\"'`*#-")


def _numbered(
    number: int, rest: str, labels: Sequence[str], names: Mapping[str, str]
) -> str | None:
    """The label of a number, which the name beside it must not contradict."""
    label = labels[number - 1] if 1 <= number <= len(labels) else None
    rest = rest.strip()
    if not rest:
        return label
    named = names.get(fold(rest)) or _mentioned(rest, names)
    # A name that stands beside a number is the better witness of an enumeration from elsewhere,
    # but where both are valid and differ, nobody knows what is meant.
    return named if label is None or named == label else None


def _mentioned(text: str, names: Mapping[str, str]) -> str | None:
    """The one label whose name stands in the text; the longest name wins where names overlap."""
    rest = f" {fold_words(text)} "
    found: set[str] = set()
    for name in sorted(names, key=len, reverse=True):
        if not name:
            continue
        for match in re.finditer(rf"(?<= ){re.escape(name)}(?= )", rest):
            before = rest[: match.start()].split()[-3:]
            if _NOT & set(before):
                return None
            found.add(names[name])
        rest = re.sub(rf"(?<= ){re.escape(name)}(?= )", "#", rest)
    return found.pop() if len(found) == 1 else None


def fold_words(text: str) -> str:
    """The text in the form of `tasks.fold`, with the apostrophes of "isn't" left in."""
    return " ".join(re.sub(r"[^\w']+|_", " ", text.casefold()).split())
