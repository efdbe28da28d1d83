"""Mix a student's training and validation sets from the kept rows.

    python -m limbeck.dataset.mix --rows rows.parquet --language language.json
        --instructions config/prompts/dataset.yaml --settings JSON
        --train train.parquet --validation validation.parquet --mixture mixture.json

A generated row becomes up to two: with its reasoning trace under the system prompt that asks for
thinking, and direct, so that thinking can be switched on and off. (Kakugo trains the direct form on
translated rows only.) Translations stay as they are, and give translation pairs in both directions.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from limbeck import stage
from limbeck.config import Mixture, Section
from limbeck.dataset.rows import provenance, training_schema
from limbeck.errors import UserError
from limbeck.files import Row, digest, read_json, read_parquet, write_json, write_parquet
from limbeck.generation.instructions import Instructions, load

TEMPLATES = {"thinking": (), "from_english": ("text",), "into_english": ("text",)}


class Settings(Section):
    """What decides a mixture."""

    mixture: Mixture
    seed: int


def thinking(row: Row, system: str) -> Row:
    """The form with the trace: the system prompt asks for it, the answer follows it."""
    *turns, answer = row["messages"]
    traced = f"<think>\n{row['reasoning']}\n</think>\n\n{answer['content']}"
    messages = [
        {"role": "system", "content": system},
        *turns,
        {"role": "assistant", "content": traced},
    ]
    return {**row, "messages": messages, "form": "thinking"}


def direct(row: Row) -> Row:
    """The form without the trace."""
    return {**row, "form": "direct"}


def parallel_lines(row: Row) -> Iterator[tuple[str, str]]:
    """The lines of a translated conversation beside their originals.

    A turn whose sides have different numbers of lines is one pair as a whole.
    """
    for english, other in zip(row["original"], row["messages"], strict=True):
        sides = [
            [line.strip() for line in turn["content"].splitlines() if line.strip()]
            for turn in (english, other)
        ]
        if len(sides[0]) == len(sides[1]):
            yield from zip(*sides, strict=True)
        else:
            yield english["content"], other["content"]


def pairs(row: Row, instructions: Instructions, card: Row) -> Iterator[Row]:
    """Translation pairs in both directions from one translated conversation, line by line."""
    for number, (english, other) in enumerate(parallel_lines(row)):
        directions = (("from_english", english, other), ("into_english", other, english))
        for kind, source, target in directions:
            request = instructions.render(kind, card, {"text": source})
            yield {
                **row,
                "id": f"pair-{digest(row['id'], number, kind)}",
                "messages": [
                    {"role": "user", "content": request},
                    {"role": "assistant", "content": target},
                ],
                "form": "direct",
                "strategy": "pair",
                "kind": kind,
                "parent": row["id"],
            }


def distinct_pairs(rows: list[Row], instructions: Instructions, card: Row) -> Iterator[Row]:
    """The pairs of all translations, each request once."""
    seen = set()
    for row in rows:
        for pair in pairs(row, instructions, card):
            request = pair["messages"][0]["content"]
            if request not in seen:
                seen.add(request)
                yield pair


def mix(rows: list[Row], mixture: Mixture, instructions: Instructions, card: Row) -> list[Row]:
    """All training rows of a mixture, in the order of the kept rows."""
    generated = [row for row in rows if row["strategy"] != "translation"]
    translated = [row for row in rows if row["strategy"] == "translation"]
    system = instructions.render("thinking", card)
    mixed: list[Row] = []
    if mixture.thinking:
        mixed += [thinking(row, system) for row in generated if row["reasoning"]]
    if mixture.direct:
        mixed += [direct(row) for row in generated]
    mixed += [direct(row) for row in translated[: mixture.translations]]
    mixed += islice(distinct_pairs(translated, instructions, card), mixture.pairs)
    return mixed


def group(row: Row) -> str:
    """What a row must stay together with: the forms of a prompt, the pairs of a conversation."""
    return str(row["source"] if row["strategy"] in {"translation", "pair"} else row["id"])


def split(rows: list[Row], share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """Training and validation rows, shuffled; a group is on one side.

    Sides and order follow from each row's own digest, so that adding rows moves no others.
    """
    shuffled = sorted(rows, key=lambda row: digest(seed, row["id"], row["form"]))
    sides: tuple[list[Row], list[Row]] = ([], [])
    for row in shuffled:
        fraction = int(digest(seed, "validation", group(row)), 16) / 16**16
        sides[fraction < share].append(row)
    return sides


def count(rows: list[Row]) -> dict[str, object]:
    """How many rows there are of each strategy and form."""
    return {
        "rows": len(rows),
        "by_strategy": dict(Counter(row["strategy"] for row in rows).most_common()),
        "by_form": dict(Counter(row["form"] for row in rows).most_common()),
    }


def main() -> None:
    """The stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--language", type=Path, required=True)
    parser.add_argument("--instructions", type=Path, required=True)
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--mixture", type=Path, required=True)
    options = parser.parse_args()
    mixture: Mixture = options.settings.mixture

    instructions = load(options.instructions, TEMPLATES)
    rows = mix(read_parquet(options.rows), mixture, instructions, read_json(options.language))
    training, validation = split(rows, mixture.validation, options.settings.seed)
    if not training or not validation:
        raise UserError(
            f"{options.rows}: the mixture gives {len(training)} training and {len(validation)} "
            "validation rows, and each needs one at least; raise the mixture's parts or its "
            "'validation' share"
        )
    for path, side in ((options.train, training), (options.validation, validation)):
        columns = ({**provenance(row), **_content(row)} for row in side)
        write_parquet(path, columns, training_schema())
    print(f"{len(training)} training rows, {len(validation)} validation rows")
    write_json(options.mixture, {"train": count(training), "validation": count(validation)})


def _content(row: Row) -> Row:
    return {"id": row["id"], "messages": row["messages"], "form": row["form"]}


if __name__ == "__main__":
    stage.run(main)
