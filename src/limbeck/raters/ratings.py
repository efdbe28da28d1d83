"""What a rater sees of pairs of answers, and what they say.

A page shows the pairs in an order, and each with a side first, that follow from a seed. So a saved
file holds the seed, and neither it nor the page needs a model's name.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from limbeck import files
from limbeck.config import Section
from limbeck.errors import UserError
from limbeck.files import Row, chance, digest
from limbeck.judgement.verdicts import Better, Verdict

Form = Literal["limbeck raters 1"]
FORM: Form = "limbeck raters 1"

_TURNED: dict[Better, Better] = {"first": "second", "second": "first", "tie": "tie"}
_VERDICTS: dict[Better, Verdict] = {"first": "win", "second": "loss", "tie": "tie"}


class Rating(Section):
    """A file that a rater saved."""

    form: Form
    language: str
    page: str
    seed: int
    rater: str
    answers: dict[str, Better]  # by pair, as they were shown


def pairs(results: Path, language: str) -> list[Row]:
    """The pairs of a language that were judged.

    Raises:
        UserError: there are none.
    """
    path = results / language / "judgement/pairs.jsonl"
    if not path.is_file():
        raise UserError(
            f"{path}: no pairs are there; give judgement.against in the config a model and build"
        )
    return list(files.read_jsonl(path))


def turned(pair: str, seed: int) -> bool:
    """Whether a page shows the second model's answer first."""
    return chance("turned", seed, pair) < 0.5


def shown(rows: Sequence[Row], seed: int, limit: int | None) -> list[Row]:
    """The pairs as a page shows them, without those of equal answers, which nobody can rate.

    Args:
        limit: of the questions, at most: all pairs of those that the seed chooses.
    """
    apart = [row for row in rows if not row["alike"]]
    questions = sorted({row["question"] for row in apart}, key=lambda one: chance(seed, one))
    chosen = set(questions[:limit])
    apart = [row for row in apart if row["question"] in chosen]
    found = []
    for row in sorted(apart, key=lambda row: chance("order", seed, row["id"])):
        first, second = row["answers"][:: -1 if turned(row["id"], seed) else 1]
        asked = {"id": row["id"], "turns": row["turns"]}
        found.append({**asked, "first": first, "second": second})
    return found


def mark(rows: Sequence[Row], seed: int) -> str:
    """What tells a page from any other one."""
    return digest(seed, [row["id"] for row in rows])


def load(path: Path) -> Rating:
    """A rater's file.

    Raises:
        UserError: it is none.
    """
    try:
        return Rating.model_validate(files.read_json(path))
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "the whole"
        raise UserError(
            f"{path}: {where}: this is no file that a page of `limbeck raters page` saved"
        ) from None


def verdicts(rating: Rating, rows: Sequence[Row], path: Path) -> dict[str, Verdict]:
    """A rater's verdicts by pair, of the first of the two models.

    Raises:
        UserError: the file is of other pairs.
    """
    known = {row["id"] for row in rows}
    if foreign := rating.answers.keys() - known:
        raise UserError(
            f"{path}: {len(foreign)} of its {len(rating.answers)} pairs are none of those in "
            f"results of {rating.language}: they are of another build or another page"
        )
    return {
        pair: _VERDICTS[_TURNED[better] if turned(pair, rating.seed) else better]
        for pair, better in rating.answers.items()
    }
