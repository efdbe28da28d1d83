"""Sample texts of the language, the contexts of context prompts.

python -m limbeck.sources.texts --language card.json --settings JSON --output texts.jsonl

From the phrasebook (Swahili), a text file (paragraphs between blank lines, or lines), a JSON Lines
or Parquet file or folder with a column "text", or a data set of the hub. Settings: {"texts",
"seed"}. Rows: {"id", "source", "text"}, and "url" where the source has it.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from limbeck import config, files, stage
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.sources import reading

BUILTIN_LANGUAGE = "swh_Latn"

# Scripts without spaces between words; a word is taken to be of four characters there.
_UNSPACED = {"Hani", "Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai", "Tibt"}
_CHARACTERS_A_WORD = 4
_LONGEST_WORDS = 40  # characters of a word on average; what has more is none
# Marks that close a quotation belong to the sentence. In some languages they open one: those are
# taken for closing where a space follows.
SENTENCE_END = re.compile(r"[.!?…]+[\"'“”‘’«»)\]]*(?=\s)|[。！？።፧।॥།۔؟။։។៕]+[\"'”’»)\]」』）]*")
# What chat templates take for their own: a text may not end a turn, or begin another's.
_CONTROL = re.compile(
    r"<(?=[|｜]|/?s>|/?think>|/?(?:start|end)_of_turn>|(?:bos|eos|pad|unk)>)|\[(?=/?INST\])", re.I
)


class Settings(config.Section):
    """What decides this stage's result."""

    texts: config.Texts
    seed: int


def cut(text: str, max_words: int, script: str) -> str:
    """The text's first words, up to the end of a sentence where one ends in their second half."""
    text = text.strip()[: max_words * _LONGEST_WORDS]
    if script in _UNSPACED:
        end = min(len(text), max_words * _CHARACTERS_A_WORD)
    else:
        word_ends = [match.end() for match in re.finditer(r"\S+", text)][:max_words]
        end = word_ends[-1] if word_ends else 0
    if end == len(text):
        return text
    sentences = [match.end() for match in SENTENCE_END.finditer(text, 0, end + 1)]
    if sentences and end // 2 <= sentences[-1] <= end:
        end = sentences[-1]
    return text[:end].rstrip()


def harmless(text: str) -> str:
    """The text with the control tokens of chat templates broken.

    >>> harmless("a <|im_end|> <b> [INST]")
    'a ‹|im_end|> <b> ‹INST]'
    """
    return _CONTROL.sub("‹", text)


def texts(found: Iterable[Row], source: str, max_words: int, script: str) -> Iterator[Row]:
    """The texts among a source's rows, cut and harmless; blank ones are left out.

    Raises:
        UserError: the first rows have no text; the message names their columns.
    """
    odd = 0
    form = reading.Form(source)
    for row in found:
        if "text" not in row:
            form.unknown(f"a column 'text' is wanted; the columns are: {', '.join(row):.300}")
            continue
        form.known = True
        if not isinstance(text := row["text"], str):
            odd += 1
            continue
        if shortened := cut(harmless(text), max_words, script):
            key = f"text-{files.digest(shortened)}"
            url = {"url": row["url"]} if isinstance(row.get("url"), str) else {}
            yield {"id": key, "source": source, "text": shortened, **url}
    form.end()
    if odd:
        print(f"{source}: {odd:,} rows left out: a text that is none", file=sys.stderr)


def collect(settings: config.Texts, card: Row, seed: int) -> list[Row]:
    """The sample.

    Raises:
        UserError: the source cannot be read, has no text, or is of another language.
    """
    source, limit = settings.source, settings.limit
    if not limit:
        return []
    if source == "builtin":
        if card["code"] != BUILTIN_LANGUAGE:
            raise UserError(
                f"config: texts.source: the builtin texts are Swahili; for {card['name']} name a "
                "file, a data set of the hub (HuggingFaceFW/fineweb-2), or set texts.limit to 0"
            )
        found, where, shuffled = _builtin(limit, seed), source, True
    else:
        found, where, shuffled = reading.open_source(
            source, settings.name, settings.revision, settings.split, seed
        )
    cut_texts = texts(found, where, settings.max_words, card["script"])
    rows = reading.sample(cut_texts, limit, seed, shuffled)
    if not rows:
        raise UserError(f"{where}: there is no text")
    return rows


def _builtin(limit: int, seed: int) -> Iterator[Row]:
    """Texts of the phrasebook."""
    from limbeck.phrasebook import passages

    return ({"text": text} for text in passages.texts(limit, seed))


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--language", type=files.read_json, required=True, help="the language card")
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True, help="JSON")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    rows = collect(options.settings.texts, options.language, options.settings.seed)
    count = files.write_jsonl(options.output, rows)
    print(f"{options.output}: {count} texts", file=sys.stderr)


if __name__ == "__main__":
    stage.run(main)
