"""Answer the prompts, and keep the teacher's reasoning.

python -m limbeck.generation.respond --language card.json --instructions config/prompts/respond.yaml
    --prompts prompts.jsonl --settings JSON --connection JSON --journal FILE
    --output responses.jsonl

The instructions are the system's turn and the prompt, as it stands, the user's. Rows of prompts
that failed go through as they are. Settings: {"teacher", "seed"}.
"""

from pathlib import Path

from limbeck import files, stage
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Settings, Teacher
from limbeck.generation.instructions import Instructions, load
from limbeck.teacher.client import Reply, Request

TEMPLATES: dict[str, tuple[str, ...]] = {"system": ()}


def prompt(row: Row, card: Row, instructions: Instructions) -> Request:
    """The request for an answer to a prompt."""
    system = {"role": "system", "content": instructions.render("system", card)}
    return Request([system, {"role": "user", "content": row["prompt"]}])


def parse(row: Row, reply: Reply) -> list[Row]:
    """The prompt's row with the response."""
    if reply.failure:
        return [unanswered(row, reply.failure)]
    return [{**row, "reasoning": reply.reasoning, "response": reply.content}]


def unanswered(row: Row, failure: str) -> Row:
    """The row of a prompt without a response."""
    return {**row, "reasoning": None, "response": "", "failure": failure}


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    parser.add_argument("--prompts", type=Path, required=True)
    options = parser.parse_args()
    instructions = load(options.instructions, TEMPLATES)
    rows = list(files.read_jsonl(options.prompts))
    answered = Teacher.of(options).ask(
        [row for row in rows if not row["failure"]],
        lambda row: prompt(row, options.language, instructions),
        parse,
    )
    failed = [unanswered(row, row["failure"]) for row in rows if row["failure"]]
    asking.finish(options.output, answered + failed)


if __name__ == "__main__":
    stage.run(main)
