"""What of a text is translated, and what must come out as it went in.

A text is cut into lines, and a line into what stands around its words (indentation, bullets,
headings, cells of a table), which is kept, and segments of words. In a segment code, URLs,
addresses, formulas and placeholders are masked by words that no dictionary has, so that the
sentence stays one; where a translation loses such a word, or a number (in whatever digits and with
whatever separators the language has), the segment is translated once more, piece by piece between
them.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from limbeck.languages.numbers import numbers

# Translates segments, each by itself; as many come out.
Translate = Callable[[list[str]], Awaitable[list[str]]]

# After a dollar that opens no formula: to the next one in the line nothing of a formula's, but a
# price (a number, then more), or two words.
_PROSE = r"(?!(?=[^$\\^_=\n]*\$)(?:\d[^$\s]*\s|[^$\n]*?[^\W\d_]{3}[ \t]+[^\W\d_]{3}))"
_FENCE = re.compile(rf"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|\$\$(?!\$){_PROSE}.*?\$\$", re.DOTALL)
# Between two segments: what opens a line, emphasis, tags, the borders of cells, line ends. A letter
# with a full stop numbers an answer or a section; another one, or two, begin a name.
_BORDER = re.compile(
    r"\s*\n\s*"
    r"|^[ \t]*(?:(?:[-*+•‣·–—>#]+|\(?(?:\d{1,3}[.)]|[A-Za-z]\)|[A-Ha-h]\.(?![ \t]+[A-Z]\.))"
    r"|\[[ xX]\])[ \t]+)+"
    r"|</?[A-Za-z][^<>\n]*>|<!--.*?-->|&[a-z]+;"
    r"|\*{1,3}(?=\S)|(?<=\S)\*{1,3}|(?<!\w)_{1,2}(?=\w)|(?<=[\w.!?])_{1,2}(?!\w)|~~"
    r"|[ \t]*\|[ \t]*|\t+|_{3,}|[-=]{3,}",
    re.MULTILINE,
)
# In a segment: code, links' targets, addresses, formulas, placeholders, files, variables.
_KEPT = re.compile(
    r"`[^`\n]+`|\]\([^()\s]*\)|(?:https?://|www\.)[^\s<>\"'`)\]}]*[\w/#=&]"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rf"|\${_PROSE}[^$\s](?:[^$\n]*[^$\s])?\$(?!\d)|\\\(.*?\\\)|\\\[.*?\\\]"
    r"|\{\{?[\w .-]*\}?\}|\$\{\w+\}|%(?:\(\w+\))?[sdif]\b|<[^<>\s]+>"
    r"|\b[\w-]+\.(?:py|js|ts|c|h|cpp|java|sh|txt|md|csv|json|ya?ml|html?|css|pdf|docx?|xlsx?|png|jpe?g"
    r"|com|org|net|edu|gov|io)\b|(?<!\w)[@#]\w+|\b[A-Za-z]+_\w+|\\[a-zA-Z]+"
)
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = "qxz{}q"  # no word of any dictionary, and a noun to those who guess
_MASK = re.compile(r"qxz([b-k]+)q", re.IGNORECASE)
_DIGITS = "bcdfghjklm"


async def translate(texts: Sequence[str], engine: Translate) -> list[str]:
    """The texts translated, with all that is to be kept."""
    cut = [list(_parts(text)) for text in texts]
    segments = [part for parts in cut for part, said in parts if said]
    found = iter(await _segments(segments, engine))
    return ["".join(next(found) if said else part for part, said in parts) for parts in cut]


async def _segments(segments: list[str], engine: Translate) -> list[str]:
    kept = [_KEPT.findall(segment) for segment in segments]
    said = await engine([_masked(segment) for segment in segments])
    found = [_unmasked(*three) for three in zip(segments, said, kept, strict=True)]
    lost = [index for index, text in enumerate(found) if text is None]
    pieces = [list(_pieces(segments[index])) for index in lost]
    again = iter(await engine([piece for row in pieces for piece, said in row if said]))
    for index, row in zip(lost, pieces, strict=True):
        found[index] = "".join(next(again) if said else piece for piece, said in row)
    return [text or "" for text in found]


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text, and whether each is a segment of words."""
    for part, outside in _between(text, _FENCE.finditer(text)):
        if not outside:
            yield part, False
            continue
        kept = [match.span() for match in _KEPT.finditer(part)]
        borders = (
            match
            for match in _BORDER.finditer(part)
            if not any(start < match.start() < end for start, end in kept)
        )
        yield from _between(part, borders)


def _pieces(segment: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a segment between what is kept and numbers."""
    for part, outside in _between(segment, _KEPT.finditer(segment)):
        if not outside:
            yield part, False
            continue
        yield from _between(part, _NUMBER.finditer(part))


def _between(text: str, borders: Iterable[re.Match[str]]) -> Iterator[tuple[str, bool]]:
    """The text between borders, and the borders; True where there are words to translate.

    White space around words is a part of its own: engines do not keep it.
    """
    end = 0
    for match in [*borders, None]:
        start = match.start() if match else len(text)
        between = text[end:start]
        words = between.strip()
        if _LETTER.search(_KEPT.sub("", words)):
            lead = between[: len(between) - len(between.lstrip())]
            yield lead, False
            yield words, True
            yield between[len(lead) + len(words) :], False
        else:
            yield between, False
        if match:
            yield match[0], False
            end = match.end()


def _masked(segment: str) -> str:
    numbers = iter(range(len(segment)))
    return _KEPT.sub(lambda match: _name(next(numbers)), segment)


def _name(number: int) -> str:
    return _WORD.format("".join(_DIGITS[int(digit)] for digit in str(number)))


def _unmasked(segment: str, said: str, kept: Sequence[str]) -> str | None:
    """A translated segment with what was masked in it; None where anything is lost."""
    names = [match[0].lower() for match in _MASK.finditer(said)]
    if sorted(names) != sorted(map(_name, range(len(kept)))):
        return None
    whole = dict(zip(map(_name, range(len(kept))), kept, strict=True))
    found = _MASK.sub(lambda match: whole[match[0].lower()], said)
    same = Counter(numbers(segment)) == Counter(numbers(found))
    return found if same and found.strip() else None
