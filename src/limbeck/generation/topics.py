"""Write prompts from a tree of topics.

python -m limbeck.generation.topics --language card.json --instructions config/prompts/topics.yaml
    --subjects resources/topics.jsonl --settings JSON --connection JSON --journal FILE
    --beside config/prompts/beside.yaml [--personas personas.jsonl] --output topics.jsonl

Seeds of the config lead to macro-topics, these to topics (both in English); seeds, macro-topics and
topics all get prompts in the language (Kakugo, arXiv 2601.14051, topic generation), or in English
where that is the pivot. What grows from the general seeds is the same for all languages
(`limbeck.generation.subjects`); what grows from the language's own is listed here. Settings:
{"teacher", "topics", "lists", "diversity", "seed"}.
"""

from collections.abc import Sequence
from pathlib import Path

from limbeck import config, stage
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Teacher
from limbeck.generation.beside import Beside
from limbeck.generation.instructions import Instructions, fill, load
from limbeck.generation.tree import Node, Step, load_nodes, write_prompts

TEMPLATES = {
    "general_macro_topics": ("seed", "count"),
    "general_topics": ("macro_topic", "count"),
    "macro_topics": ("seed", "count"),
    "topics": ("macro_topic", "count"),
    "prompts": ("topic", "count"),
}


class Settings(asking.Settings):
    """What decides this stage's result."""

    topics: config.Topics
    lists: config.Lists
    diversity: config.Diversity


def seeds(topics: config.Topics, language: str) -> list[str]:
    """The language's own seeds, with its name filled in."""
    return [
        fill(seed, {"language": language}, "config: generation.topics.language_seeds")
        for seed in topics.language_seeds
    ]


def tree(
    seeds: Sequence[str],
    topics: config.Topics,
    lists: config.Lists,
    teacher: Teacher,
    card: Row | None,
    instructions: Instructions,
    beside: Beside,
) -> list[Node]:
    """Seeds, macro-topics and topics; without a card those of no language."""
    branch, each = "" if card else "general_", topics.prompts
    below = each * (1 + topics.topics)
    macro_step = Step(
        f"{branch}macro_topics", "MacroTopics", "seed", topics.macro_topics, "macro_topic", below
    )
    topic_step = Step(f"{branch}topics", "Topics", "macro_topic", topics.topics, "topic", each)
    roots = [Node("seed", seed) for seed in seeds]
    macro_topics = beside.grow(roots, macro_step, lists, teacher, instructions)
    leaves = beside.grow(macro_topics, topic_step, lists, teacher, instructions)
    return [*roots, *macro_topics, *leaves]


def general(
    topics: config.Topics,
    lists: config.Lists,
    teacher: Teacher,
    instructions: Instructions,
    beside: Beside,
) -> list[Node]:
    """What grows from the general seeds."""
    return tree(topics.general_seeds, topics, lists, teacher, None, instructions, beside)


def write(
    shared: Sequence[Node],
    topics: config.Topics,
    lists: config.Lists,
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
    beside: Beside,
) -> list[Row]:
    """The rows of the whole tree, whose general branch is ``shared``."""
    beside.know(shared)
    own = tree(seeds(topics, card["name"]), topics, lists, teacher, card, instructions, beside)
    prompt_step = Step("prompts", "TopicPrompts", "topic", topics.prompts)
    nodes = beside.asking([*shared, *own], topics.prompts, topics.pivot)
    return write_prompts(nodes, prompt_step, "topic", teacher, card, instructions, topics.pivot)


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
        settings.topics,
        settings.lists,
        Teacher.of(options),
        options.language,
        instructions,
        Beside.of(options),
    )
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
