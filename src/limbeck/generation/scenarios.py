"""Write prompts from scenarios in which a person asks for help.

python -m limbeck.generation.scenarios --language card.json
    --instructions config/prompts/scenarios.yaml --subjects resources/scenarios.jsonl
    --settings JSON --connection JSON --journal FILE --output scenarios.jsonl

Broad scenarios of anybody's life and of the language's speakers lead to detailed ones (all in
English); all of them get prompts in the language (Kakugo, arXiv 2601.14051, scenario
generation). Those of anybody's life are the same for all languages
(`limbeck.generation.subjects`). Settings: {"teacher", "scenarios", "lists", "seed"}.
"""

from collections.abc import Sequence
from pathlib import Path

from limbeck import config, files, stage
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import Instructions, load
from limbeck.generation.tree import Node, Step, grow, write_prompts

TEMPLATES = {
    "general": ("audience", "count"),
    "general_detailed": ("scenario", "count"),
    "local": ("audience", "count"),
    "detailed": ("scenario", "count"),
    "prompts": ("scenario", "count"),
}


class Settings(asking.Settings):
    """What decides this stage's result."""

    scenarios: config.Scenarios
    lists: config.Lists


def tree(
    scenarios: config.Scenarios,
    lists: config.Lists,
    teacher: Teacher,
    card: Row | None,
    instructions: Instructions,
) -> list[Node]:
    """Broad and detailed scenarios of a language's speakers; without a card those of anybody.

    A node's kind is the audience, of a detailed one "...:detailed".
    """
    audience, count = ("local", scenarios.local) if card else ("general", scenarios.general)
    each = scenarios.prompts
    below = each * (1 + scenarios.detailed)
    broad_step = Step(audience, "Scenarios", "audience", count, audience, below)
    detailed_step = Step(
        "detailed" if card else "general_detailed",
        "DetailedScenarios",
        "scenario",
        scenarios.detailed,
        f"{audience}:detailed",
        each,
    )
    root = Node("audience", audience)
    broad = grow([root], broad_step, lists, teacher, card, instructions)
    return broad + grow(broad, detailed_step, lists, teacher, card, instructions)


def general(
    scenarios: config.Scenarios, lists: config.Lists, teacher: Teacher, instructions: Instructions
) -> list[Node]:
    """The scenarios of anybody's life."""
    return tree(scenarios, lists, teacher, None, instructions)


def write(
    shared: Sequence[Node],
    scenarios: config.Scenarios,
    lists: config.Lists,
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
) -> list[Row]:
    """The rows of both trees, the general one of which is ``shared``."""
    nodes = [*shared, *tree(scenarios, lists, teacher, card, instructions)]
    prompt_step = Step("prompts", "ScenarioPrompts", "scenario", scenarios.prompts)
    return write_prompts(
        nodes, prompt_step, "scenario", teacher, card, instructions, scenarios.pivot
    )


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    parser.add_argument("--subjects", type=Path, required=True, help="the general branch")
    options = parser.parse_args()
    settings: Settings = options.settings
    instructions = load(options.instructions, TEMPLATES)
    rows = write(
        [Node(**row) for row in files.read_jsonl(options.subjects)],
        settings.scenarios,
        settings.lists,
        Teacher.of(options),
        options.language,
        instructions,
    )
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
