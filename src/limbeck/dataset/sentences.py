"""Choose sentences that people wrote, from the texts of the language.

python -m limbeck.dataset.sentences --language language.json --texts texts.jsonl
    --held-out test.jsonl ... --settings JSON --sentences sentences.jsonl
    --examples examples.jsonl

Whole sentences of a usual length, in the language's script, without addresses, none twice, and none
that holds text of a benchmark. Which texts come first is drawn by seed; of a text some follow one
another. The examples are passages of a few of them that follow one another, or single ones where no
text has as many. Settings: {"sentences", "examples", "held_out", "seed"}. Rows: {"id", "source",
"text"}.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, islice
from pathlib import Path

import regex

from limbeck import config, files, stage
from limbeck.dataset.held_out import HeldOut
from limbeck.dataset.texts import flat, prose
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.languages.scripts import script_share
from limbeck.sources.texts import SENTENCE_END

OF_A_PASSAGE = 3  # sentences
OF_A_TEXT = 8  # sentences, so that many texts have a say
_SHORTEST, _LONGEST = 20, 300  # bytes, since scripts differ in what a character says; characters
_BY_LINES = {"Thai", "Laoo"}  # written without full stops, but for abbreviations
# A letter, or a short word that begins large, before a full stop: "Dkt. Mwinyi", "J. K. Nyerere".
_ABBREVIATED = regex.compile(r"(?<![\p{L}\p{M}\p{N}])(?:\p{L}|\p{Lu}\p{L}{1,3})\p{M}*$")
_OWN_SCRIPT = 0.8  # least share of the letters: what a student is to write after them


class Settings(config.Section):
    """What decides this stage's result."""

    sentences: config.Count
    examples: config.Count
    held_out: config.HeldOutFilter
    seed: int


def split(text: str, script: str) -> Iterator[str]:
    """The whole sentences of a text; its lines where nothing in it ends as sentences do."""
    ended = script not in _BY_LINES and SENTENCE_END.search(f"{text} ")
    for line in text.splitlines():
        if not ended:
            yield line.strip()
            continue
        start = 0
        for match in SENTENCE_END.finditer(f"{line} "):
            if match.end() < len(line) and _abbreviated(line, match):
                continue
            yield line[start : match.end()].strip()
            start = match.end()


def _abbreviated(line: str, end: re.Match[str]) -> bool:
    before = line[max(0, end.start() - 12) : end.start()]
    return end[0] == "." and _ABBREVIATED.search(before) is not None


def usable(sentence: str, script: str) -> bool:
    """Whether a sentence is of a usual length, in the script, and without addresses."""
    short, long = len(sentence.encode()) < _SHORTEST, len(sentence) > _LONGEST
    if short or long or prose(sentence) != sentence:
        return False
    share = script_share(sentence, script)
    return share is None or share >= _OWN_SCRIPT


def choose(
    texts: Iterable[Row], count: int, script: str, seed: int, benchmarks: HeldOut | None = None
) -> list[Row]:
    """So many sentences, or all that there are."""
    drawn = sorted(texts, key=lambda row: files.chance(seed, "sentences", row["id"]))
    return list(islice(_sentences(drawn, script, benchmarks), count))


def passages(sentences: Sequence[Row], count: int) -> list[Row]:
    """So many passages, each of another text that has enough sentences, or all that there are.

    Where no text has enough, single sentences.
    """
    found: list[Row] = []
    for source, rows in groupby(sentences, key=lambda row: str(row["source"])):
        if len(found) == count:
            break
        first = [row["text"] for row in islice(rows, OF_A_PASSAGE)]
        if len(first) == OF_A_PASSAGE:
            text = " ".join(first)
            found.append({"id": f"example-{files.digest(text)}", "source": source, "text": text})
    return found or list(sentences[:count])


def _sentences(texts: Iterable[Row], script: str, benchmarks: HeldOut | None) -> Iterator[Row]:
    seen: set[str] = set()
    for row in texts:
        found = 0
        for sentence in split(row["text"], script):
            key = flat(sentence)
            if found == OF_A_TEXT or key in seen or not usable(sentence, script):
                continue
            if benchmarks and benchmarks.hit(sentence) is not None:
                continue
            seen.add(key)
            found += 1
            yield {
                "id": f"sentence-{files.digest(sentence)}", "source": row["id"], "text": sentence
            }  # fmt: skip


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    add = parser.add_argument
    add("--language", type=files.read_json, required=True, help="the language card")
    add("--texts", type=Path, required=True)
    add("--held-out", type=Path, nargs="*", default=[])
    add("--settings", type=stage.json_option(Settings), required=True, help="JSON")
    add("--sentences", type=Path, required=True)
    add("--examples", type=Path, required=True)
    options = parser.parse_args()
    settings: Settings = options.settings
    items = chain.from_iterable(files.read_jsonl(path) for path in options.held_out)
    benchmarks = HeldOut(items, **settings.held_out.model_dump())
    texts, script = list(files.read_jsonl(options.texts)), options.language["script"]
    wanted = max(settings.sentences, OF_A_TEXT * len(texts) if settings.examples else 0)
    rows = choose(texts, wanted, script, settings.seed, benchmarks)
    examples = passages(rows, settings.examples)
    if not rows:
        raise UserError(f"{options.texts}: there are no whole sentences without a benchmark's text")
    files.write_jsonl(options.sentences, rows[: settings.sentences])
    files.write_jsonl(options.examples, examples)
    print(
        f"{len(rows[: settings.sentences])} of {settings.sentences} sentences, "
        f"{len(examples)} of {settings.examples} examples",
        file=sys.stderr,
    )


if __name__ == "__main__":
    stage.run(main)
