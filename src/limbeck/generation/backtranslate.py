"""Translate sentences that people wrote into English.

python -m limbeck.generation.backtranslate --language card.json
    --instructions config/prompts/backtranslate.yaml --sentences sentences.jsonl
    --settings JSON --connection JSON --journal FILE --output backtranslations.jsonl

The English is the teacher's, the language is people's: pairs from English whose target nobody had
to translate (back-translation; for languages of few resources human targets are worth more than
machine ones: arXiv 2503.24102). A request holds some sentences as turns; where it ends they say
themselves, so that a sentence more or less changes its own request and few behind it. Settings:
{"teacher", "seed"}.
"""

from collections.abc import Sequence
from pathlib import Path

from limbeck import files, stage
from limbeck.files import Row
from limbeck.generation import asking, translate
from limbeck.generation.asking import Settings, Teacher, user
from limbeck.generation.instructions import Instructions, load
from limbeck.teacher.client import Message, Reply, Request

TEMPLATES = {"sentences": ("conversation",)}
EACH, MOST = 8, 16  # sentences of a request: about so many, and at most


def parts(sentences: Sequence[Row]) -> list[list[Row]]:
    """The sentences of each request: one in `EACH` is the last of its own, by its id."""
    found: list[list[Row]] = [[]]
    for row in sentences:
        found[-1].append(row)
        if len(found[-1]) == MOST or int(files.digest("end", row["id"]), 16) % EACH == 0:
            found.append([])
    return [part for part in found if part]


def turns(sentences: Sequence[Row]) -> list[Message]:
    """Sentences as turns."""
    return [{"role": "user", "content": row["text"]} for row in sentences]


def prompt(asked: Row, card: Row, instructions: Instructions) -> Request:
    """The request for the English of some sentences."""
    data = {"conversation": translate.quoted(asked["messages"])}
    form = translate.reply_model(len(asked["messages"]), "BackTranslation")
    return user(instructions.render("sentences", card, data=data), form)


def parse(asked: Row, reply: Reply, teacher: str) -> list[Row]:
    """A row for each sentence with its English, or with the failure."""
    found, failure = translate.translated(asked["messages"], reply)
    english = [[turn] for turn in found] or [[] for _ in asked["messages"]]
    return [
        {
            "id": f"backtranslation-{row['id'].rpartition('-')[2]}",
            "strategy": "backtranslation",
            "kind": "sentence",
            "source": row["source"],
            "parent": row["id"],
            "messages": [turn],
            "original": said,
            "teacher": teacher,
            "failure": failure,
        }
        for row, turn, said in zip(asked["rows"], asked["messages"], english, strict=True)
    ]


def backtranslate(
    sentences: Sequence[Row], teacher: Teacher, card: Row, instructions: Instructions
) -> list[Row]:
    """The rows of all sentences."""
    return teacher.ask(
        [{"messages": turns(part), "rows": part} for part in parts(sentences)],
        lambda asked: prompt(asked, card, instructions),
        lambda asked, reply: parse(asked, reply, teacher.settings.name),
    )


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    parser.add_argument("--sentences", type=Path, required=True)
    options = parser.parse_args()
    instructions = load(options.instructions, TEMPLATES)
    sentences = list(files.read_jsonl(options.sentences))
    rows = backtranslate(sentences, Teacher.of(options), options.language, instructions)
    asking.finish(options.output, rows)


if __name__ == "__main__":
    stage.run(main)
