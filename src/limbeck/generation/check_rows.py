"""Have the teacher check what it wrote: judge answers, translate translations back.

python -m limbeck.generation.check_rows --language card.json
    --instructions config/prompts/checks.yaml --responses responses.jsonl
    --translations translations.jsonl
    --settings JSON --checker JSON --translator JSON
    --journal judge_responses.jsonl --back translate_back.jsonl --output checks.jsonl

The judge is asked whether an answer is correct, complete and in the language, and is told the
length that was asked for. A translated conversation is translated back into English, from the
translation alone, and compared with its original by chrF++ (0 to 100). Both are asked of a share of
the rows, which each row's id decides. A row whose check failed passes the filters, so the stage
fails where too large a share of either did.

Rows: {"id", "check": "judge" | "round_trip", "judge": {"correct", "complete", "language"} | null,
"round_trip": float | null, "failure"}. Settings: {"checker", "translator", "checks", "max_lost",
"seed"}.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel

from limbeck import chrf, config, files, stage
from limbeck.config import Connection
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.generation import asking, translate
from limbeck.generation.asking import Teacher, user
from limbeck.generation.instructions import Instructions, load
from limbeck.teacher.client import Message, Reply, Request
from limbeck.teacher.replies import told

TEMPLATES: dict[str, tuple[str, ...]] = {
    "judge": ("prompt", "response", "length"),
    "back": ("conversation",),
    **dict.fromkeys(get_args(config.Length), ()),
}

Answer = Literal["yes", "no"]
Check = Literal["judge", "round_trip"]
_FAILED: dict[Check, str] = {
    "judge": "answers were not judged",
    "round_trip": "translations were not translated back",
}


class Settings(config.Section):
    """What decides this stage's result."""

    checker: config.TeacherSettings
    translator: config.TeacherSettings
    checks: config.Checks
    max_lost: config.Share
    seed: int


class Verdict(BaseModel):
    """The form of the judge's reply."""

    model_config = told("The form of the judge's reply.")

    correct: Answer
    complete: Answer
    language: Answer


def choose(rows: Iterable[Row], share: float, seed: int) -> list[Row]:
    """The share of the rows that is checked, without those that failed."""
    return files.share_of([row for row in rows if not row["failure"]], share, seed, "check")


def checked(row: Row, check: Check, found: object, failure: str | None = None) -> Row:
    """The row of a check, and what it found."""
    nothing = {"judge": None, "round_trip": None}
    return {"id": row["id"], "check": check, **nothing, check: found, "failure": failure}


def judge_prompt(row: Row, card: Row, instructions: Instructions) -> Request:
    """The request for a verdict on an answer."""
    words = {"length": instructions.render(row["length"], card)}
    data = {"prompt": row["prompt"], "response": row["response"]}
    return user(instructions.render("judge", card, words, data), Verdict)


def judged(row: Row, reply: Reply) -> list[Row]:
    """The row of a verdict."""
    if reply.value is None:
        return [checked(row, "judge", None, reply.failure)]
    verdict = {name: answer == "yes" for name, answer in reply.value.model_dump().items()}
    return [checked(row, "judge", verdict)]


def back_prompt(row: Row, card: Row, instructions: Instructions) -> Request:
    """The request for the English of a translation; its original is not shown."""
    turns = row["messages"]
    data = {"conversation": translate.quoted(turns)}
    form = translate.reply_model(len(turns), "BackTranslation")
    return user(instructions.render("back", card, data=data), form)


def came_back(row: Row, reply: Reply) -> list[Row]:
    """The row of a round trip."""
    turns, failure = translate.translated(row["messages"], reply)
    score = None if failure else round(round_trip(row["original"], turns), 2)
    return [checked(row, "round_trip", score, failure)]


def round_trip(original: list[Message], back: list[Message]) -> float:
    """chrF++ of turns that were translated and translated back, all together."""
    sides = ([turn["content"] for turn in turns] for turns in (back, original))
    counts, _ = chrf.statistics(*sides)
    return float(chrf.score(counts.sum(0)))


def check(
    responses: Iterable[Row],
    translations: Iterable[Row],
    settings: Settings,
    checker: Teacher,
    translator: Teacher,
    card: Row,
    instructions: Instructions,
) -> list[Row]:
    """The rows of the checks of both."""
    rows = checker.ask(
        choose(responses, settings.checks.judge, settings.seed),
        lambda row: judge_prompt(row, card, instructions),
        judged,
    )
    return rows + translator.ask(
        choose(translations, settings.checks.round_trip, settings.seed),
        lambda row: back_prompt(row, card, instructions),
        came_back,
    )


def check_losses(rows: Sequence[Row], max_lost: float, output: Path) -> None:
    """Stop where too many checks failed: what they would have found is trained on.

    Raises:
        UserError: names the check, the share of it that failed and why.
    """
    for name, said in _FAILED.items():
        asked = [row for row in rows if row["check"] == name]
        failures = Counter(row["failure"] for row in asked if row["failure"])
        if failures.total() > max_lost * len(asked):
            raise UserError(
                f"{output}: {failures.total()} of {len(asked)} {said} "
                f"({failures.total() / len(asked):.0%}; {asking.reasons(failures)}), "
                f"and filters.max_lost allows {max_lost:.0%}"
            )


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    add = parser.add_argument
    add("--language", type=files.read_json, required=True, help="the language card")
    add("--instructions", type=Path, required=True, help="what the teacher is told (YAML)")
    add("--responses", type=Path, help="responses.jsonl, where there are any")
    add("--translations", type=Path, help="translations.jsonl, likewise")
    add("--settings", type=stage.json_option(Settings), required=True, help="JSON")
    for role in ("checker", "translator"):
        add(f"--{role}", type=stage.json_option(Connection), required=True, help="JSON")
    add("--journal", type=Path, required=True, help="keeps the verdicts from run to run")
    add("--back", type=Path, required=True, help="keeps the ways back, likewise")
    add("--output", type=Path, required=True)
    options = parser.parse_args()
    settings: Settings = options.settings
    instructions = load(options.instructions, TEMPLATES)

    checker = Teacher(settings.checker, options.checker, options.journal)
    back = Teacher(settings.translator, options.translator, options.back)
    rows = check(
        files.read_jsonl(options.responses) if options.responses else (),
        files.read_jsonl(options.translations) if options.translations else (),
        settings,
        checker,
        back,
        options.language,
        instructions,
    )
    check_losses(rows, settings.max_lost, options.output)
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
