"""Read open questions, which have no one right answer, and have English ones translated.

python -m limbeck.judgement.open_questions --language card.json
    --instructions config/prompts/translate.yaml --questions config/questions.yaml
    --settings JSON --connection JSON --journal FILE --output questions.jsonl

All turns of a question are translated in one reply. Settings: {"teacher", "seed", "translated",
"items"}. Rows: {"id", "category", "turns", "original", "failure"}; ``original`` is the English of a
translation.
"""

from collections.abc import Sequence
from pathlib import Path

from limbeck import files, stage
from limbeck.config import Positive
from limbeck.files import Row
from limbeck.generation import asking, translate
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import Instructions, load
from limbeck.judgement import question_file


class Settings(asking.Settings):
    """What decides this stage's result."""

    translated: bool
    items: Positive | None  # of these, in a rehearsal


def translated(
    questions: Sequence[Row], teacher: Teacher, card: Row, instructions: Instructions
) -> list[Row]:
    """English questions in the language, each with all its turns in one reply."""
    known = {row["id"]: row for row in questions}
    asked = [{"id": row["id"], "messages": said(row["turns"])} for row in questions]
    return [
        {
            **known[row["source"]],
            "turns": [turn["content"] for turn in row["messages"]],
            "original": known[row["source"]]["turns"],
            "failure": row["failure"],
        }
        for row in translate.translate(asked, teacher, card, instructions)
    ]


def said(turns: Sequence[str]) -> list[dict[str, str]]:
    """A user's turns as messages."""
    return [{"role": "user", "content": turn} for turn in turns]


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    parser.add_argument("--questions", type=Path, required=True, help="open questions (YAML)")
    options = parser.parse_args()
    settings: Settings = options.settings
    rows = list(files.spread(question_file.load(options.questions), settings.items))
    if settings.translated:
        told = load(options.instructions, translate.TEMPLATES)
        rows = translated(rows, Teacher.of(options), options.language, told)
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
