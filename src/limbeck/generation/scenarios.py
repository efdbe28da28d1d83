"""Write prompts from scenarios in which a person asks for help.

python -m limbeck.generation.scenarios --language card.json
    --instructions config/prompts/scenarios.yaml --settings JSON --connection JSON
    --journal FILE --output scenarios.jsonl

Broad scenarios of anybody's life and of the language's speakers lead to detailed ones (all in
English); all of them get prompts in the language (Kakugo, arXiv 2601.14051, scenario
generation). Settings: {"teacher", "scenarios", "lists", "seed"}.
"""

from limbeck import config, stage
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import Instructions, load
from limbeck.generation.tree import Node, Step, grow, write_prompts

TEMPLATES = {
    "general": ("audience", "count"),
    "local": ("audience", "count"),
    "detailed": ("scenario", "count"),
    "prompts": ("scenario", "count"),
}


class Settings(asking.Settings):
    """What decides this stage's result."""

    scenarios: config.Scenarios
    lists: config.Lists


def write(
    scenarios: config.Scenarios,
    lists: config.Lists,
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
) -> list[Row]:
    """The rows of both trees. A row's kind is the audience, of a detailed one "...:detailed"."""
    nodes: list[Node] = []
    each = scenarios.prompts
    below = each * (1 + scenarios.detailed)
    for audience, count in (("general", scenarios.general), ("local", scenarios.local)):
        broad_step = Step(audience, "Scenarios", "audience", count, audience, below)
        detailed_step = Step(
            "detailed", "DetailedScenarios", "scenario", scenarios.detailed,
            f"{audience}:detailed", each,
        )  # fmt: skip
        root = Node("audience", audience)
        broad = grow([root], broad_step, lists, teacher, card, instructions)
        nodes += broad + grow(broad, detailed_step, lists, teacher, card, instructions)
    prompt_step = Step("prompts", "ScenarioPrompts", "scenario", scenarios.prompts)
    return write_prompts(
        nodes, prompt_step, "scenario", teacher, card, instructions, scenarios.pivot
    )


def main() -> None:
    """Run the stage."""
    options = asking.parser(__doc__, Settings).parse_args()
    instructions = load(options.instructions, TEMPLATES)
    settings: Settings = options.settings
    teacher = Teacher.of(options)
    rows = write(settings.scenarios, settings.lists, teacher, options.language, instructions)
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
