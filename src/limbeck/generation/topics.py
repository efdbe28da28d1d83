"""Write prompts from a tree of topics.

python -m limbeck.generation.topics --language card.json --instructions config/prompts/topics.yaml
    --settings JSON --connection JSON --journal FILE --output topics.jsonl

Seeds of the config, general and of the language, lead to macro-topics, these to topics (both in
English); seeds, macro-topics and topics all get prompts in the language (Kakugo, arXiv
2601.14051, topic generation), or in English where that is the pivot. Settings: {"teacher",
"topics", "lists", "seed"}.
"""

from limbeck import config, stage
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import Instructions, fill, load
from limbeck.generation.tree import Node, Step, grow, write_prompts

TEMPLATES = {
    "macro_topics": ("seed", "count"),
    "topics": ("macro_topic", "count"),
    "prompts": ("topic", "count"),
}


class Settings(asking.Settings):
    """What decides this stage's result."""

    topics: config.Topics
    lists: config.Lists


def seeds(topics: config.Topics, language: str) -> list[Node]:
    """The roots of the tree, with the language's name filled in."""
    named = [
        fill(seed, {"language": language}, "config: generation.topics.language_seeds")
        for seed in topics.language_seeds
    ]
    return [Node("seed", seed) for seed in [*topics.general_seeds, *named]]


def write(
    topics: config.Topics,
    lists: config.Lists,
    teacher: Teacher,
    card: Row,
    instructions: Instructions,
) -> list[Row]:
    """The rows of the whole tree."""
    roots = seeds(topics, card["name"])
    each = topics.prompts
    below = each * (1 + topics.topics)
    macro_step = Step(
        "macro_topics", "MacroTopics", "seed", topics.macro_topics, "macro_topic", below
    )
    topic_step = Step("topics", "Topics", "macro_topic", topics.topics, "topic", each)
    prompt_step = Step("prompts", "TopicPrompts", "topic", topics.prompts)
    macro_topics = grow(roots, macro_step, lists, teacher, card, instructions)
    leaves = grow(macro_topics, topic_step, lists, teacher, card, instructions)
    nodes = [*roots, *macro_topics, *leaves]
    return write_prompts(nodes, prompt_step, "topic", teacher, card, instructions, topics.pivot)


def main() -> None:
    """Run the stage."""
    options = asking.parser(__doc__, Settings).parse_args()
    instructions = load(options.instructions, TEMPLATES)
    settings: Settings = options.settings
    teacher = Teacher.of(options)
    rows = write(settings.topics, settings.lists, teacher, options.language, instructions)
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
