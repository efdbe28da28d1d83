"""Files of open questions.

A file (YAML, of which JSON is a part) names categories, each with a list of questions: a text, or
the user's turns as a list, of which each follows the answer to the one before. (The form of
MT-Bench, Zheng et al. 2023, arXiv 2306.05685; none of its questions.)
"""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from limbeck.errors import UserError
from limbeck.files import Row, digest

_Text = Annotated[str, Field(pattern=r"\S")]
_Turns = Annotated[list[_Text], Field(min_length=1)]
_File = Annotated[
    dict[_Text, Annotated[list[_Text | _Turns], Field(min_length=1)]], Field(min_length=1)
]


def load(path: Path) -> list[Row]:
    """The questions of a file, as rows.

    Raises:
        UserError: it is not of that form, or has a question twice.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = TypeAdapter(_File).validate_python(content, strict=True)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"][:2]) or "the whole"
        raise UserError(
            f"{path}: {where}: categories are wanted, each with a list of questions: texts, or "
            "lists of the texts of several turns (put a text with a colon in quotes)"
        ) from None
    rows: dict[str, Row] = {}
    for category, questions in found.items():
        for question in questions:
            turns = [question] if isinstance(question, str) else question
            row = _row(category, [turn.strip() for turn in turns])
            if row["id"] in rows:
                raise UserError(f"{path}: {category}: this question is there twice: {turns[0]!r}")
            rows[row["id"]] = row
    return list(rows.values())


def _row(category: str, turns: list[str]) -> Row:
    name = digest(category, turns)
    return {"id": name, "category": category, "turns": turns, "original": None, "failure": None}
