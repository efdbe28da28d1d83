"""Write prompts from scenarios in which a person asks for help.

python -m limbeck.generation.scenarios --language card.json
    --instructions config/prompts/scenarios.yaml --subjects resources/scenarios.jsonl
    --beside config/prompts/beside.yaml [--personas personas.jsonl]
    --settings JSON --connection JSON --journal FILE --output scenarios.jsonl

Broad scenarios of anybody's life and of the language's speakers lead to detailed ones (all in
English); all of them get prompts in the language (Kakugo, arXiv 2601.14051, scenario
generation). Those of anybody's life are the same for all languages
(`limbeck.generation.subjects`). Settings: {"teacher", "scenarios", "lists", "diversity",
"seed"}.
"""

from collections.abc import Sequence
from pathlib import Path

from limbeck import config, stage
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Teacher
from limbeck.generation.beside import Beside
from limbeck.generation.instructions import Instructions, load
from limbeck.generation.tree import Node, Step, load_nodes, write_prompts

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
    diversity: config.Diversity


def tree(
    scenarios: config.Scenarios,
    lists: config.Lists,
    teacher: Teacher,
    card: Row | None,
    instructions: Instructions,
    beside: Beside,
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
    broad = beside.grow([root], broad_step, lists, teacher, instructions)
    return broad + beside.grow(broad, detailed_step, lists, teacher, instructions)


def general(
    scenarios: config.Scenarios,
    lists: config.Lists,
    teacher: Teacher,
    instructions: Instructions,
    beside: Beside,
) -> list[Node]:
    """The scenarios of anybody's life."""
    return tree(scenarios, lists, teacher, None, instructions, beside)


def write(
    shared: Sequence[Node],
    scenarios: config.Scenarios,
    lists: config.Lists,
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
    beside: Beside,
) -> list[Row]:
    """The rows of both trees, the general one of which is ``shared``."""
    beside.know(shared)
    nodes = [*shared, *tree(scenarios, lists, teacher, card, instructions, beside)]
    prompt_step = Step("prompts", "ScenarioPrompts", "scenario", scenarios.prompts)
    asked = beside.asking(nodes, scenarios.prompts, scenarios.pivot)
    return write_prompts(
        asked, prompt_step, "scenario", teacher, card, instructions, scenarios.pivot
    )


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    Beside.add_to(parser)
    parser.add_argument("--subjects", type=Path, required=True, help="the general branch")
    options = parser.parse_args()
    settings: Settings = options.settings
    instructions = load(options.instructions, TEMPLATES)
    rows = write(
        load_nodes(options.subjects),
        settings.scenarios,
        settings.lists,
        Teacher.of(options),
        options.language,
        instructions,
        Beside.of(options),
    )
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
