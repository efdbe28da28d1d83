"""Text in another script than the language's."""

from collections.abc import Callable

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import prose, turns
from limbeck.files import Row
from limbeck.languages.scripts import script_share

_FEWEST = 10  # letters; of fewer nothing can be said


def answers_in_english(row: Row) -> bool:
    """Whether a prompt may ask for a translation into English, itself or before its revision."""
    kind = row.get("kind") or ""
    return row.get("strategy") == "context" and (kind == "translate" or kind.startswith("revised"))


def script(code: str, least: float) -> Callable[[Row], Reason]:
    """A turn with too small a share of the language's script; reasoning may be in any.

    Code, URLs and turns of a few letters are not judged.
    """

    def reason(row: Row) -> Reason:
        roles = ("system", "user") if answers_in_english(row) else ()
        for text in turns(row, *roles):
            share = script_share(prose(text), code, _FEWEST)
            if share is not None and share < least:
                return Removal("other script", f"{share:.0%} {code}")
        return None

    return reason
