"""Have the requests for a translation translated, so that a student learns them in the language.

python -m limbeck.generation.templates --language card.json
    --instructions config/prompts/translate.yaml --templates config/prompts/dataset.yaml
    --settings JSON --connection JSON --journal FILE --output templates.json

The output is {"from_english", "into_english"}: each the template of that name in the language, with
{text} for the text, or null where the teacher's is of no use. Settings: {"teacher", "seed"}.
"""

import sys
from pathlib import Path

from limbeck import files, stage
from limbeck.files import Row
from limbeck.generation import asking, translate
from limbeck.generation.asking import Settings, Teacher
from limbeck.generation.instructions import Instructions, load
from limbeck.teacher.client import Reply

DIRECTIONS = ("from_english", "into_english")
# Of config/prompts/dataset.yaml, which the mixtures share.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "thinking": (),
    "short": (),
    **dict.fromkeys(DIRECTIONS, ("text",)),
}
PLACE = "{text}"


def conversation(card: Row, templates: Instructions) -> Row:
    """The English templates as turns to translate, their place for a text left as it is."""
    turns = (templates.render(name, card, {"text": PLACE}) for name in DIRECTIONS)
    return {"messages": [{"role": "user", "content": turn} for turn in turns]}


def parse(asked: Row, reply: Reply) -> list[Row]:
    """The templates in the language."""
    turns, failure = translate.translated(asked["messages"], reply)
    if failure:
        print(f"no templates in the language ({failure}): English ones are used", file=sys.stderr)
        return [dict.fromkeys(DIRECTIONS)]
    found: Row = {}
    for name, turn in zip(DIRECTIONS, turns, strict=True):
        usable = turn["content"].count(PLACE) == 1
        found[name] = turn["content"] if usable else None
        if not usable:
            lost = f"{name}: {turn['content']!r} has no place for the text"
            print(f"{lost}: the English one is used", file=sys.stderr)
    return [found]


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    parser.add_argument("--templates", type=Path, required=True)
    options = parser.parse_args()
    card: Row = options.language
    instructions = load(options.instructions, translate.TEMPLATES)
    asked = conversation(card, load(options.templates, TEMPLATES))
    [found] = Teacher.of(options).ask(
        [asked], lambda row: translate.prompt(row, card, instructions), parse
    )
    files.write_json(options.output, found)


if __name__ == "__main__":
    stage.run(main)
