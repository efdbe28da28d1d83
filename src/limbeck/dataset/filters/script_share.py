"""Text in another script than the language's."""

from collections.abc import Callable

from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import prose, turns
from limbeck.files import Row
from limbeck.languages.scripts import script_share

_FEWEST = 10  # letters; of fewer nothing can be said


def answers_in_english(row: Row) -> bool:
    """Whether a prompt may ask for a translation into English, itself or before its revision.

    A revised prompt of an earlier version, whose row does not say what was asked before, may.
    """
    kind = row.get("asked") or row.get("kind") or ""
    return row.get("strategy") == "context" and (kind == "translate" or kind.startswith("revised:"))


LATIN = "Latn"


def script(code: str, least: float, romanised: bool = False) -> Callable[[Row], Reason]:
    """A turn with too small a share of the language's script; reasoning may be in any.

    Code, URLs and turns of a few letters are not judged. ``romanised``: Latin letters count, too.
    """
    scripts = {code, LATIN} if romanised else {code}

    def reason(row: Row) -> Reason:
        roles = ("system", "user") if answers_in_english(row) else ()
        for text in turns(row, *roles):
            own = [script_share(prose(text), name, _FEWEST) for name in sorted(scripts)]
            shares = [share for share in own if share is not None]
            if shares and sum(shares) < least:
                return Removal("other script", f"{sum(shares):.0%} {code}")
        return None

    return reason
