"""Translations that lose numbers, URLs or code, and answers that invent URLs."""

import re
from collections import Counter
from collections.abc import Callable

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import FENCE, INLINE, URL, originals, turns
from limbeck.files import Row
from limbeck.languages.numbers import numbers

_SIGNS = re.compile(r"[=(){}\[\];<>]")
_END = ".,;:!?"


def long_numbers(text: str) -> Counter[str]:
    """A text's numbers of two or more digits: smaller ones are often written as words."""
    return Counter(number for number in numbers(text) if len(number) > 1)


def urls(text: str) -> Counter[str]:
    """A text's URLs, without the punctuation that follows them."""
    return Counter(url.rstrip(_END) for url in URL.findall(text))


def code(text: str) -> Counter[str]:
    """A text's code: the spans within lines, and the lines of blocks that have signs of code."""
    if "`" not in text:
        return Counter()
    blocks = FENCE.findall(text)
    lines = (line.strip() for block in blocks for line in block.splitlines()[1:])
    spans = INLINE.findall(FENCE.sub(" ", text))
    return Counter([*spans, *(line for line in lines if _SIGNS.search(line))])


_KINDS = {"numbers": long_numbers, "URLs": urls, "code": code}


def kept(least: float) -> Callable[[Row], Reason]:
    """A translated turn that has too few of its original's numbers, URLs or pieces of code."""

    def reason(row: Row) -> Reason:
        for original, turn in originals(row):
            for kind, tokens in _KINDS.items():
                wanted = tokens(original)
                lost = wanted - tokens(turn) if wanted else wanted
                if lost.total() > (1 - least) * wanted.total():
                    return Removal(f"lost {kind}", ", ".join(list(lost)[:5]))
        return None

    return reason


def invented_urls(most: int) -> Callable[[Row], Reason]:
    """Answers with URLs that nobody else in the row named."""

    def reason(row: Row) -> Reason:
        found = [url for text in turns(row, "assistant") for url in urls(text)]
        if not found:
            return None
        others = [*turns(row, "system", "user"), *(text for text, _ in originals(row))]
        named = {url for text in others for url in urls(text)}
        new = [url for url in found if url not in named]
        return Removal("invented URL", ", ".join(new[:5])) if len(new) > most else None

    return reason
