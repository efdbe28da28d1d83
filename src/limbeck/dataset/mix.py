"""Mix a student's training and validation sets from the kept rows.

    python -m limbeck.dataset.mix --rows rows.parquet --language language.json
        --instructions config/prompts/dataset.yaml [--templates templates.json] --settings JSON
        --train train.parquet --validation validation.parquet --mixture mixture.json

A generated row becomes up to two: with its reasoning trace under the system prompt that asks for
thinking, and direct, so that thinking can be switched on and off. (Kakugo trains the direct form on
translated rows only.) Translations stay as they are, and give translation pairs in both directions,
a share of which asks in the language itself. Some of their English originals keep the student's
English. Sentences of people are asked for by their English. Texts of the language are learned as
they are, from their first word. With `strategies` only some of them count, each with a share of its
rows: ablations are students.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from limbeck import stage
from limbeck.config import Mixture, Section
from limbeck.config.student import Strategy
from limbeck.dataset.rows import provenance, size, training_schema
from limbeck.errors import UserError
from limbeck.files import (
    Row,
    chance,
    digest,
    read_json,
    read_parquet,
    share_of,
    write_json,
    write_parquet,
)
from limbeck.generation.instructions import Instructions, load
from limbeck.generation.templates import DIRECTIONS, PLACE, TEMPLATES

_NOT_ANSWERED = ("translation", "backtranslation", "text")  # strategies
_OF_A_SOURCE = ("translation", "pair", "english", "backtranslation")  # strategies


class Settings(Section):
    """What decides a mixture."""

    mixture: Mixture
    seed: int


@dataclass(frozen=True, slots=True)
class Wording:
    """What a student is told in training."""

    thinking: str  # system prompts
    short: str
    english: Mapping[str, str]  # requests for a translation by direction, with a place for the text
    language: Mapping[str, str]  # the same in the language; English where a direction is not there

    @classmethod
    def of(cls, instructions: Instructions, card: Row, language: Mapping[str, str | None]) -> Self:
        """The wording for a language; ``language``: what `limbeck.generation.templates` wrote."""
        return cls(
            instructions.render("thinking", card),
            instructions.render("short", card),
            {name: instructions.render(name, card, {"text": PLACE}) for name in DIRECTIONS},
            {name: template for name, template in language.items() if template},
        )

    def request(self, direction: str, pair: str, in_language: float) -> tuple[str, str]:
        """The template of a pair, and the pair's kind."""
        if direction in self.language and chance(pair, "request") < in_language:
            return self.language[direction], f"{direction}:in_language"
        return self.english[direction], direction


def thinking(row: Row, wording: Wording) -> Row:
    """The form with the trace: the system prompt asks for it, the answer follows it.

    It asks for brevity, too, where the answer was asked to be short.
    """
    *turns, answer = row["messages"]
    asked = [wording.thinking, *([wording.short] if row["length"] == "short" else [])]
    traced = f"<think>\n{row['reasoning']}\n</think>\n\n{answer['content']}"
    messages = [
        {"role": "system", "content": " ".join(asked)},
        *turns,
        {"role": "assistant", "content": traced},
    ]
    return {**row, "messages": messages, "form": "thinking"}


def direct(row: Row, wording: Wording) -> Row:
    """The form without the trace; a system prompt asks for an answer that was asked to be short."""
    short = {"role": "system", "content": wording.short}
    system = [short] if row["length"] == "short" else []
    return {**row, "messages": [*system, *row["messages"]], "form": "direct"}


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


def exchange(template: str, source: str, target: str) -> list[Row]:
    """The request for a translation, and the translation."""
    return [
        {"role": "user", "content": template.replace(PLACE, source)},
        {"role": "assistant", "content": target},
    ]


def pairs(rows: Iterable[Row], wording: Wording, in_language: float) -> Iterator[Row]:
    """Translation pairs in both directions from translated conversations, line by line.

    Each line comes once in each direction; one that is the same in both languages (a letter, a
    label, a URL) is no translation. The share ``in_language`` asks in the language; which
    pairs do, their ids decide.
    """
    seen: set[tuple[str, str]] = set()
    for row in rows:
        for number, sides in enumerate(parallel_lines(row)):
            for direction, source, target in zip(DIRECTIONS, sides, sides[::-1], strict=True):
                if source == target or (direction, source) in seen:
                    continue
                seen.add((direction, source))
                name = f"pair-{digest(row['id'], number, direction)}"
                template, kind = wording.request(direction, name, in_language)
                yield {
                    **row,
                    "id": name,
                    "messages": exchange(template, source, target),
                    "form": "direct",
                    "strategy": "pair",
                    "kind": kind,
                    "parent": row["id"],
                }


def backtranslation(row: Row, wording: Wording, in_language: float) -> Row:
    """The request for a person's sentence, by its English."""
    template, kind = wording.request(DIRECTIONS[0], row["id"], in_language)
    [english], [sentence] = row["original"], row["messages"]
    messages = exchange(template, english["content"], sentence["content"])
    return {**row, "messages": messages, "form": "direct", "kind": kind}


def english(row: Row) -> Row:
    """The original of a translated conversation."""
    return {
        **row,
        "id": f"english-{digest(row['id'])}",
        "messages": row["original"],
        "form": "direct",
        "strategy": "english",
        "parent": row["id"],
    }


def chosen(rows: list[Row], shares: Mapping[Strategy, float] | None, seed: int) -> list[Row]:
    """The rows of the strategies that a mixture names, so many of each; all if it names none.

    Texts that nobody asked for are of no strategy.
    """
    if shares is None:
        return rows
    kept = {
        row["id"]
        for name, share in shares.items()
        for row in share_of([row for row in rows if row["strategy"] == name], share, seed, name)
    }
    return [row for row in rows if row["strategy"] == "text" or row["id"] in kept]


def bounded(rows: list[Row], max_bytes: int | None) -> list[Row]:
    """The first rows, as many as have so many bytes together."""
    if max_bytes is None:
        return rows
    found: list[Row] = []
    for row in rows:
        max_bytes -= size(row["messages"])
        if max_bytes < 0:
            break
        found.append(row)
    return found


def mix(rows: list[Row], mixture: Mixture, wording: Wording) -> list[Row]:
    """All training rows of a mixture, in the order of the kept rows."""
    generated = [row for row in rows if row["strategy"] not in _NOT_ANSWERED]
    translated = [row for row in rows if row["strategy"] == "translation"]
    mixed: list[Row] = []
    if mixture.thinking:
        mixed += [thinking(row, wording) for row in generated if row["reasoning"]]
    if mixture.direct:
        mixed += [direct(row, wording) for row in generated]
    mixed += [direct(row, wording) for row in translated[: mixture.translations]]
    texts = (row for row in rows if row["strategy"] == "text")
    mixed += [{**row, "form": "text"} for row in islice(texts, mixture.texts)]
    # From the end: where there are enough, these are not the conversations that come translated.
    mixed += [english(row) for row in islice(reversed(translated), mixture.english)]
    mixed += islice(pairs(reversed(translated), wording, mixture.pairs_in_language), mixture.pairs)
    sentences = (row for row in rows if row["strategy"] == "backtranslation")
    mixed += [
        backtranslation(row, wording, mixture.pairs_in_language)
        for row in islice(sentences, mixture.backtranslations)
    ]
    return mixed


def group(row: Row) -> str:
    """What a row must stay together with: the forms of a prompt, the pairs of a conversation."""
    return str(row["source"] if row["strategy"] in _OF_A_SOURCE else row["id"])


def split(rows: list[Row], share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """Training and validation rows, shuffled; a group is on one side, one at least is held out.

    Sides and order follow from each row's own digest, so that adding rows moves no others.
    """
    chances = {group(row): chance(seed, "validation", group(row)) for row in rows}
    least = min(chances.values(), default=0.0)
    shuffled = sorted(rows, key=lambda row: digest(seed, row["id"], row["form"]))
    sides: tuple[list[Row], list[Row]] = ([], [])
    for row in shuffled:
        held_out = chances[group(row)] < share or chances[group(row)] == least
        sides[held_out].append(row)
    return sides


def count(rows: list[Row]) -> dict[str, object]:
    """How many rows there are of each strategy, form, kind, length and pivot."""
    counts: dict[str, object] = {"rows": len(rows)}
    for name in ("strategy", "form", "kind", "length", "pivot"):
        found = Counter(row[name] for row in rows if row.get(name))
        counts[f"by_{name}"] = dict(found.most_common())
    return counts


def main() -> None:
    """The stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--language", type=Path, required=True)
    parser.add_argument("--instructions", type=Path, required=True)
    parser.add_argument("--templates", type=read_json, default={})
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--mixture", type=Path, required=True)
    options = parser.parse_args()
    mixture: Mixture = options.settings.mixture

    instructions = load(options.instructions, TEMPLATES)
    wording = Wording.of(instructions, read_json(options.language), options.templates)
    seed: int = options.settings.seed
    kept = chosen(read_parquet(options.rows), mixture.strategies, seed)
    rows = mix(kept, mixture, wording)
    training, validation = split(rows, mixture.validation, seed)
    training = bounded(training, mixture.max_bytes)
    if not training or not validation:
        raise UserError(
            f"{options.rows}: the mixture gives {len(training)} training and {len(validation)} "
            "validation rows, and each needs one at least; raise the mixture's parts, or lower "
            "its 'validation' share"
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
