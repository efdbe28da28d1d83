"""Have a judge say which of two models' answers is better, each pair in both orders.

python -m limbeck.judgement.pairs --language card.json
    --instructions config/prompts/judgement.yaml --questions questions.jsonl --answers FOLDER
    --settings JSON --connection JSON --journal FILE --output pairs.jsonl --figures judgement.json

``FOLDER/{model}.jsonl`` are the answers of each model. The judge sees neither's name. A pair of
equal answers is a tie that nobody is asked about.

Rows: {"id", "question", "category", "turns", "models", "answers", "cut", "alike", "orders":
[{"better", "reason"} | null, twice], "verdict": "win" (of the first model) | "tie" | "loss" | null,
"failure"}. Settings: {"teacher", "seed", "pairs"}.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from limbeck import files, stage
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Teacher, user
from limbeck.generation.instructions import Instructions, load
from limbeck.judgement import verdicts
from limbeck.judgement.verdicts import Better
from limbeck.teacher.client import Reply, Request
from limbeck.teacher.replies import told

TEMPLATES = {"pair": ("question", "first", "second")}

Look = tuple[Row, bool]  # a pair, and whether its second answer is shown first


class Settings(asking.Settings):
    """What decides this stage's result."""

    pairs: list[list[str]]  # of two models each


class Preference(BaseModel):
    """The form of the judge's reply; it says why before it decides."""

    model_config = told("The form of the judge's reply.")

    reason: str
    better: Better


def pairs(
    questions: Sequence[Row], answers: Mapping[str, Mapping[str, Row]], models: Sequence[str]
) -> list[Row]:
    """The answers of two models to the same questions, not judged yet.

    Args:
        questions: those that were asked.
        answers: rows of `limbeck.judgement.open_answers` by model and question.
    """
    rows = []
    for question in questions:
        own = [answers[model][question["id"]] for model in models]
        texts = [row["answers"] for row in own]
        rows.append(
            {
                "id": files.digest(question["id"], question["turns"], models, texts),
                "question": question["id"],
                "category": question["category"],
                "turns": question["turns"],
                "models": list(models),
                "answers": texts,
                "cut": [row["cut"] for row in own],
                "alike": texts[0] == texts[1],
            }
        )
    return rows


def prompt(look: Look, card: Row, instructions: Instructions) -> Request:
    """The request for a preference."""
    pair, turned = look
    sides = reversed(pair["answers"]) if turned else pair["answers"]
    first, second = (_numbered(side) for side in sides)
    data = {"question": _numbered(pair["turns"]), "first": first, "second": second}
    return user(instructions.render("pair", card, data=data), Preference)


def _numbered(turns: Sequence[str]) -> str:
    """The one turn, or all under the numbers by which question and answers belong together."""
    if len(turns) == 1:
        return turns[0]
    return "\n\n".join(f"[{number}]\n{turn}" for number, turn in enumerate(turns, start=1))


def _looked(look: Look, reply: Reply) -> list[tuple[Look, Reply]]:
    return [(look, reply)]


def judge(rows: Sequence[Row], teacher: Teacher, card: Row, told: Instructions) -> list[Row]:
    """The pairs, judged."""
    looks = [(row, turned) for row in rows if not row["alike"] for turned in (False, True)]
    found = teacher.ask(looks, lambda look: prompt(look, card, told), _looked)
    said = {(pair["id"], turned): reply for (pair, turned), reply in found}
    return [
        judged(row, [said.get((row["id"], turned)) for turned in (False, True)]) for row in rows
    ]


def judged(row: Row, replies: Sequence[Reply | None]) -> Row:
    """A pair with what the judge said of it; a reply is None where it was not asked."""
    values: list[Any] = [reply.value if reply else None for reply in replies]
    orders = [value.model_dump() if value else None for value in values]
    if row["alike"]:
        return {**row, "orders": orders, "verdict": "tie", "failure": None}
    better = [value.better if value else None for value in values]
    failures = (reply.failure if reply else "not asked" for reply in replies)
    failure = next(filter(None, failures), None)
    return {**row, "orders": orders, "verdict": verdicts.merged(better), "failure": failure}


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    add = parser.add_argument
    add("--questions", type=Path, required=True, help="open questions (JSONL)")
    add("--answers", type=Path, required=True, help="the folder of the models' answers")
    add("--figures", type=Path, required=True, help="wins, ties, losses, bias (JSON)")
    options = parser.parse_args()
    settings: Settings = options.settings
    questions = list(files.read_jsonl(options.questions))
    asked = [row for row in questions if not row["failure"]]
    answers = {
        model: {row["id"]: row for row in files.read_jsonl(options.answers / f"{model}.jsonl")}
        for models in settings.pairs
        for model in models
    }
    rows = [row for models in settings.pairs for row in pairs(asked, answers, models)]
    instructions = load(options.instructions, TEMPLATES)
    rows = judge(rows, Teacher.of(options), options.language, instructions)
    asking.finish(options.output, rows, [row for row in rows if not row["alike"]])
    figures = {
        "judge": settings.teacher.name,
        "questions": len(asked),
        "not_translated": len(questions) - len(asked),
        "pairs": verdicts.of_pairs(rows),
    }
    files.write_json(options.figures, figures)


if __name__ == "__main__":
    stage.run(main)
