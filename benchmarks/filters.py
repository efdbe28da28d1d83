"""How long do the filters take, and how much memory? Over made rows of real sentences.

    LIMBECK_TEST_DATA=folder python benchmarks/filters.py --rows 100000 200000 400000 1000000

Half of the rows are generated (prompt, trace, answer), half are translated conversations, each of
sentences drawn from Swahili news and of English from Dolly; faults are planted in some. Every
filter but language identification is on, at the thresholds for a real teacher; the benchmarks are
FLORES-200 and SIB-200 in both languages. Each size is a process of its own, whose peak memory the
operating system tells.
"""

import argparse
import csv
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from limbeck.files import read_json, write_json, write_jsonl
from limbeck.languages import resolve

ROOT = Path(__file__).resolve().parents[1]
ENGLISH, SWAHILI = "eng_Latn", "swh_Latn"
GENERATED, TRANSLATED = "responses.jsonl", "translations.jsonl"


def lines(path: Path) -> list[str]:
    """The lines of a packed text."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [line.strip() for line in file]


def held_out(data: Path) -> list[dict[str, str]]:
    """The benchmarks' items in both languages."""
    devtest = data / "flores200_devtest/devtest"
    sides = (lines(devtest / f"{code}.devtest.gz") for code in (ENGLISH, SWAHILI))
    items = [{"text_eng": one, "text": other} for one, other in zip(*sides, strict=True)]
    for code in (ENGLISH, SWAHILI):
        path = data / f"sib200/{code}/test.tsv.gz"
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            items += [{"text": row["text"]} for row in csv.DictReader(file, delimiter="\t")]
    return items


class Rows:
    """Made rows, the same ones each time; an answer has ``length`` characters."""

    def __init__(self, data: Path, items: list[dict[str, str]], length: int) -> None:
        self._random = random.Random(1)
        self._length = length
        self._swahili = [line for line in lines(data / "mono_news/swa.txt.gz") if len(line) > 40]
        dolly = lines(data / "dolly15k/databricks-dolly-15k.reassembled.jsonl.gz")
        answers = (json.loads(line)["response"] for line in dolly)
        self._english = [text for text in answers if len(text) > 40]
        self._items = [item["text"] for item in items]

    def _text(self, sentences: list[str], share: float) -> str:
        """Stretches of sentences, so that no two texts are put together alike."""
        parts = []
        count = max(1, round(share * self._length / 100))
        for sentence in self._random.choices(sentences, k=count):
            start = self._random.randrange(max(1, len(sentence) - 100))
            parts.append(sentence[start : start + 100])
        return " ".join(parts)

    def _answer(self, share: float) -> str:
        """An answer; one in 25 has a fault."""
        fault = self._random.randrange(100)
        text = self._text(self._swahili, share)
        if fault == 0:
            text = f"Samahani, siwezi kusaidia na hilo. {text}"
        elif fault == 1:
            text = f"{text[:200]} {self._random.choice(self._items)} {text[200:]}"
        elif fault == 2:
            text = "Ndiyo, ninakubali kabisa na wewe. " * 20
        elif fault == 3:
            text = "ሰላም ለዓለም ሁሉ ይሁን " * 3 + text[:50]
        return text

    def generated(self, count: int) -> Iterator[dict[str, Any]]:
        """Rows of responses.jsonl; one in 50 is nearly the one before."""
        row: dict[str, Any] = {}
        for number in range(count):
            if number % 50 == 49:
                response = row["response"].replace(" na ", " au ", 1)
                yield {**row, "id": f"topic-{number}", "response": response}
                continue
            row = {
                "id": f"topic-{number}", "strategy": "topic", "kind": "topic", "source": "health",
                "parent": None, "prompt": self._text(self._swahili, 0.4), "teacher": "t",
                "reasoning": self._text(self._english, 0.8), "response": self._answer(1.0),
                "failure": None,
            }  # fmt: skip
            yield row

    def translated(self, count: int) -> Iterator[dict[str, Any]]:
        """Rows of translations.jsonl."""
        for number in range(count):
            sides = ((self._text(self._swahili, 0.4), self._answer(0.8)),
                     (self._text(self._english, 0.4), self._text(self._english, 0.8)))  # fmt: skip
            here, there = (
                [{"role": "user", "content": one}, {"role": "assistant", "content": other}]
                for one, other in sides
            )
            yield {
                "id": f"translation-{number}", "strategy": "translation", "kind": "conversation",
                "source": str(number), "parent": None, "messages": here, "original": there,
                "teacher": "t", "failure": None,
            }  # fmt: skip


def settings() -> str:
    """The default filters, at the thresholds for a real teacher; nothing need be kept or can fail.

    The two sides of a made translation are no translations of each other.
    """
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    changed = {**config["filters"], "near_duplicates": 0.65, "kept": 0.0, "max_lost": 1.0}
    return json.dumps({"filters": changed})


def measure(count: int, length: int, data: Path, folder: Path) -> dict[str, float]:
    """Filter so many rows; seconds, peak MiB and what was kept."""
    items = held_out(data)
    rows = Rows(data, items, length)
    write_jsonl(folder / GENERATED, rows.generated(count // 2))
    write_jsonl(folder / TRANSLATED, rows.translated(count - count // 2))
    write_jsonl(folder / "test.jsonl", items)
    write_json(folder / "language.json", resolve(SWAHILI).card())
    names = {
        "generated": GENERATED, "translations": TRANSLATED,
        "held-out": "test.jsonl", "language": "language.json", "rows": "rows.parquet",
        "removed": "removed.jsonl", "funnel": "funnel.json",
    }  # fmt: skip
    files = [part for key, name in names.items() for part in (f"--{key}", str(folder / name))]
    command = [
        sys.executable,
        "-m",
        "limbeck.dataset.filter_rows",
        *files,
        "--settings",
        settings(),
    ]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    funnel = read_json(folder / "funnel.json")
    return {
        "rows": count,
        "bytes": sum((folder / name).stat().st_size for name in (GENERATED, TRANSLATED)),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mib": round(used.ru_maxrss / 1024),
        "rows_kept": funnel["rows"],
        **{f["name"]: f["in"] - f["out"] for f in funnel["filters"]},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="+", type=int, default=[100_000, 200_000, 400_000])
    parser.add_argument("--length", type=int, default=500, help="characters of an answer")
    parser.add_argument("--data", type=Path, default=os.environ.get("LIMBECK_TEST_DATA"))
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.data:
        parser.error("name the folder of real data by --data or LIMBECK_TEST_DATA")
    if options.one:
        [count] = options.rows
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(count, options.length, options.data, Path(folder))
            print(json.dumps(figures))
        return
    for count in options.rows:
        # A process each: the operating system tells the largest child's memory only.
        command = [sys.executable, __file__, "--one", "--rows", str(count), "--length"]
        subprocess.run([*command, str(options.length), "--data", str(options.data)], check=True)


if __name__ == "__main__":
    main()
