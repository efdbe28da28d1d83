"""List what people anywhere may ask about: once, for all languages.

python -m limbeck.generation.subjects --topics-instructions config/prompts/topics.yaml
    --scenarios-instructions config/prompts/scenarios.yaml --beside config/prompts/beside.yaml
    --settings JSON --connection JSON --journal FILE --topics topics.jsonl
    --scenarios scenarios.jsonl

The general branches of both trees (Kakugo, arXiv 2601.14051, topic and scenario generation): no
language is named, and only the prompts that `limbeck.generation.topics` and `scenarios` write about
these lists are of one. Rows: those of `tree.Node`. Settings: {"teacher", "topics",
"scenarios", "lists", "diversity", "seed"}.
"""

from pathlib import Path

from limbeck import config, stage
from limbeck.generation import asking, scenarios, topics
from limbeck.generation.asking import Teacher
from limbeck.generation.beside import TEMPLATES, Beside
from limbeck.generation.instructions import load
from limbeck.generation.tree import save_nodes


class Settings(asking.Settings):
    """What decides this stage's result."""

    topics: config.Topics
    scenarios: config.Scenarios
    lists: config.Lists
    diversity: config.Diversity


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    add = parser.add_argument
    add("--topics-instructions", type=Path, required=True, help="what the teacher is told (YAML)")
    add("--scenarios-instructions", type=Path, required=True, help="the same")
    add("--beside", type=Path, required=True, help="what requests show, too (YAML)")
    add("--settings", type=stage.json_option(Settings), required=True, help="JSON")
    add("--connection", type=stage.json_option(config.Connection), required=True, help="JSON")
    add("--journal", type=Path, required=True, help="keeps the replies from run to run")
    add("--topics", type=Path, required=True)
    add("--scenarios", type=Path, required=True)
    options = parser.parse_args()
    settings: Settings = options.settings
    teacher, lists = Teacher.of(options), settings.lists
    shown = load(options.beside, TEMPLATES)
    told = load(options.topics_instructions, topics.TEMPLATES)
    found = topics.general(
        settings.topics, lists, teacher, told, Beside(shown, None, settings.diversity)
    )
    save_nodes(found, options.topics)
    told = load(options.scenarios_instructions, scenarios.TEMPLATES)
    found = scenarios.general(
        settings.scenarios, lists, teacher, told, Beside(shown, None, settings.diversity)
    )
    save_nodes(found, options.scenarios)


if __name__ == "__main__":
    stage.run(main)
