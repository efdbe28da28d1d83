"""What a teacher's texts say about it: language, diversity, what can be used.

All are of texts alone, without references: they tell a teacher that writes in another language or
repeats itself, not one that is wrong.
"""

import sys
from collections.abc import Callable, Sequence
from functools import cache

from limbeck.config import Filters
from limbeck.dataset.diversity import pieces
from limbeck.dataset.filters.language_id import judged, load, own_labels
from limbeck.dataset.texts import prose
from limbeck.evaluation.replies import repeats
from limbeck.files import Row
from limbeck.languages.scripts import script_share

# Whether a text is in the language; None where nothing tells.
InLanguage = Callable[[str], bool | None]

_FEWEST = 10  # letters; of fewer a script says nothing
_OWN_SCRIPT = 0.5  # least share of the letters; names, loans and code are often Latin


_identifier = cache(load)  # the same for all teachers and languages


def language_test(card: Row, filters: Filters) -> InLanguage:
    """What tells whether a text is in a language: its script, and the filters' identifier.

    Without an identifier in the config it is py3langid. Of one that does not know the language
    nothing is asked, and a line on standard error says so.
    """
    settings = filters.language
    if settings.model is None:
        settings = settings.model_copy(update={"model": "py3langid"})
    identifier = _identifier(settings)
    own = own_labels(identifier, card) if identifier else frozenset()
    if not own:
        words = f"{settings.model} does not know {card['code']}"
        print(f"{words}: texts in other languages of its script are not seen", file=sys.stderr)

    def in_language(text: str) -> bool | None:
        share = script_share(prose(text), str(card["script"]), _FEWEST)
        if share is not None and share < _OWN_SCRIPT:
            return False
        if identifier is None or not own:
            return None if share is None else True
        verdict = judged(text, identifier, own, settings)
        return None if verdict is None else verdict[0] >= settings.share

    return in_language


def self_similarity(texts: Sequence[str]) -> float | None:
    """Mean similarity of a text to the one most like it: Jaccard, of n-grams, 0 to 1."""
    if len(texts) < 2:
        return None
    sets = [frozenset(pieces(text)) for text in texts]
    nearest = [0.0] * len(sets)
    for one, own in enumerate(sets):
        for other in range(one):
            shared = len(own & sets[other])
            similarity = shared / (len(own) + len(sets[other]) - shared)
            nearest[one] = max(nearest[one], similarity)
            nearest[other] = max(nearest[other], similarity)
    return sum(nearest) / len(nearest)


def usable(rows: Sequence[Row], in_language: InLanguage) -> list[Row]:
    """The rows that a training set could have: in the language, in no loop, no answer twice."""
    kept: dict[str, Row] = {}
    for row in rows:
        texts = (row["prompt"], row["response"])
        wrong = any(in_language(text) is False for text in texts)
        if not row["failure"] and not wrong and not repeats(row["response"]):
            kept.setdefault(" ".join(row["response"].split()).casefold(), row)
    return list(kept.values())
