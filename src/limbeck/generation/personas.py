"""Have the teacher describe the people who ask, once a language.

python -m limbeck.generation.personas --language card.json
    --instructions config/prompts/beside.yaml --settings JSON --connection JSON
    --journal FILE --output personas.jsonl

Requests for prompts show some of these people each, so that not the same voice asks everything
(personas as in arXiv 2406.20094). A request shows the latest of those that are there already; who
is much like an earlier one is left out. Settings: {"teacher", "people", "seed"}.
"""

import sys
from dataclasses import replace

from limbeck import config, stage
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Teacher, items_model, listed, user
from limbeck.generation.beside import TEMPLATES, below
from limbeck.generation.instructions import Instructions, load
from limbeck.generation.overlap import Different
from limbeck.teacher.client import Reply, Request

EACH = 20  # people of a request
LATEST = 60  # of those that are there already
_ALIKE = 0.6


class Settings(asking.Settings):
    """What decides this stage's result."""

    people: config.Positive


def prompt(number: int, count: int, there: list[str], card: Row, told: Instructions) -> Request:
    """The ``number``-th request, for so many people more."""
    text = told.render("personas", card, {"count": str(count)})
    if there:
        text += below(told, "earlier", card, there[-LATEST:])
    return replace(user(text, items_model("Personas", count)), sample=number)


def parse(reply: Reply, count: int, teacher: str) -> list[Row]:
    """A row for each person, or one with the failure."""
    found = listed(reply, count)
    if reply.failure or not found:
        return [{"text": "", "teacher": teacher, "failure": reply.failure or "empty"}]
    return [{"text": text, "teacher": teacher, "failure": None} for text in found]


def write(count: int, teacher: Teacher, card: Row, told: Instructions) -> list[Row]:
    """The rows of so many people, or of as many as come in that many requests and half of it."""
    different = Different(_ALIKE)
    rows: list[Row] = []
    there: list[str] = []
    for number in range(-(-3 * count // (2 * EACH))):
        if len(there) == count:
            break
        wanted = min(EACH, count - len(there))
        request = prompt(number, wanted, there, card, told)
        [reply] = teacher.ask([request], lambda request: request, lambda _, reply: [reply])
        found = parse(reply, wanted, teacher.settings.name)
        new = [row for row in found if row["failure"] or different.earlier(row["text"]) is None]
        there += [row["text"] for row in new if not row["failure"]]
        rows += new
    print(f"asked for {count} people, got {len(there)}", file=sys.stderr)
    return rows


def main() -> None:
    """Run the stage."""
    options = asking.parser(__doc__, Settings).parse_args()
    told = load(options.instructions, TEMPLATES)
    rows = write(options.settings.people, Teacher.of(options), options.language, told)
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
