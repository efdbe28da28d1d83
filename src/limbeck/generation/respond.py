"""Answer the prompts, and keep the teacher's reasoning.

python -m limbeck.generation.respond --language card.json --instructions config/prompts/respond.yaml
    --prompts prompts.jsonl --settings JSON --connection JSON --journal FILE
    [--translate config/prompts/translate.yaml --translator JSON --translations FILE]
    --output responses.jsonl

The instructions are the system's turn and the prompt, as it stands, the user's. Each prompt is
dealt one of the lengths by its id, and the row says which. Rows of prompts that failed go through
as they are; those that were written in English are answered in English, and then translated.
Settings: {"teacher", "translator", "seed", "lengths", "traces", "min_reasoning"}.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from limbeck import config, files, stage
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.generation import asking, pivot, translate
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import Instructions, load
from limbeck.generation.native import Native
from limbeck.teacher.client import Reply, Request

TEMPLATES: dict[str, tuple[str, ...]] = {
    "system": ("length",),
    **dict.fromkeys(get_args(config.Length), ()),
    "english": (),
    "language": (),
}

FIRST = 10  # answers, without a trace in any of which no more are asked for


class Settings(asking.Settings):
    """What decides the responses."""

    translator: config.TeacherSettings | None = None
    lengths: list[config.Length]
    traces: config.Traces
    min_reasoning: config.Share


def deal(row: Row, lengths: Sequence[config.Length], seed: int) -> Row:
    """The row with the length of its answer."""
    return {**row, "length": files.dealt(lengths, seed, "length", row["id"])}


def prompt(
    row: Row,
    card: Row,
    instructions: Instructions,
    traces: config.Traces = "free",
    native: Native | None = None,
) -> Request:
    """The request for an answer to a prompt."""
    words = {"length": instructions.render(row["length"], card)}
    told = instructions.render("system", card, words)
    if traces != "free":
        told += "\n\n" + instructions.render(traces, card)
    if native and not row["pivot"]:
        told += native.below(row["id"])
    system = {"role": "system", "content": told}
    return Request([system, {"role": "user", "content": row["prompt"]}])


def parse(row: Row, reply: Reply) -> list[Row]:
    """The prompt's row with the response."""
    if reply.failure:
        return [unanswered(row, reply.failure)]
    return [{**row, "reasoning": reply.reasoning, "response": reply.content}]


def unanswered(row: Row, failure: str) -> Row:
    """The row of a prompt without a response."""
    return {**row, "reasoning": None, "response": "", "failure": failure}


def check_reasoning(rows: Sequence[Row], min_reasoning: float, output: Path) -> None:
    """Fail if too few of the responses come with a reasoning trace.

    Raises:
        UserError: names both shares and what to do.
    """
    responses = [row for row in rows if not row["failure"]]
    traces = sum(bool(row["reasoning"]) for row in responses)
    if traces < min_reasoning * len(responses):
        raise UserError(
            f"{output}: {traces} of {len(responses)} responses "
            f"({traces / len(responses):.0%}) come with a reasoning trace, and "
            f"generation.responses.min_reasoning asks for {min_reasoning:.0%}: have the endpoint "
            "show its reasoning (teacher.generator.extra_body), train no student to think "
            "(mixture.thinking: false), or ask for less"
        )


def answer(
    rows: Sequence[Row],
    settings: Settings,
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
    native: Native | None = None,
) -> list[Row]:
    """The rows of the prompts that did not fail, with their responses."""
    return teacher.ask(
        [deal(row, settings.lengths, settings.seed) for row in rows if not row["failure"]],
        lambda row: prompt(
            row, asking.written_in(row["pivot"], card), instructions, settings.traces, native
        ),
        parse,
    )


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    parser.add_argument("--prompts", type=Path, required=True)
    parser.add_argument("--translate", type=Path, help="what the translator is told (YAML)")
    parser.add_argument("--translator", type=stage.json_option(config.Connection), help="JSON")
    parser.add_argument("--translations", type=Path, help="keeps the translator's replies")
    options = parser.parse_args()
    instructions = load(options.instructions, TEMPLATES)
    rows, settings = list(files.read_jsonl(options.prompts)), options.settings
    teacher, least = Teacher.of(options), settings.min_reasoning
    card, native = options.language, Native.of(options)
    asked = (teacher, card, instructions, native)
    wanted = [row for row in rows if not row["failure"]]
    if least and len(wanted) > FIRST:
        # All would be paid for before it is seen that none has a trace.
        first = answer(wanted[:FIRST], settings, *asked)
        if not any(row["reasoning"] for row in first):
            check_reasoning(first, least, options.output)
    answered = answer(wanted, settings, *asked)
    check_reasoning(answered, least, options.output)
    if settings.translator:
        translator = Teacher(settings.translator, options.translator, options.translations)
        told = load(options.translate, translate.TEMPLATES)
        answered = pivot.translated(answered, translator, card, told, native)
    failed = [
        unanswered(deal(row, settings.lengths, settings.seed), row["failure"])
        for row in rows
        if row["failure"]
    ]
    asking.finish(options.output, answered + failed)


if __name__ == "__main__":
    stage.run(main)
