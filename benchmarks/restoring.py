"""How long does it take to put back a stage's outputs that are kept?

    python benchmarks/restoring.py FOLDER --configfile config/presets/test.yaml

The folder is one in which that config was built to its end; what is measured is a copy of it. First
what a stage does in place of its command: the digests of its inputs, and its outputs out of
work/made; and the same of a student of 3 billion parameters and 38,500 rows, with files of that
size. Then the whole of it by Snakemake, after results/ was removed.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from limbeck.workflow import kept, once

ROWS, WEIGHTS = 200 * 10**6, 6 * 10**9  # bytes


def put_back(key: str, rule: str, inputs: list[str], outputs: list[str]) -> float:
    """Seconds for a stage whose outputs are kept."""
    start = time.perf_counter()
    once.deciding(rule, outputs, {}, inputs, set(), None)
    found = kept.fetch(key, outputs)
    assert found, f"{key} is not kept"
    return time.perf_counter() - start


def stages() -> list[tuple[float, str]]:
    """Seconds and rule of every kept stage whose inputs are there."""
    (student,) = (path.parent.name for path in Path("results").glob("*/*/training.json"))
    found = []
    for entry in list(kept.entries()):
        record = json.loads(json.dumps(entry.record).replace(once.STUDENT, student))
        if all(map(os.path.exists, record["inputs"])):
            parts = record["rule"], list(record["inputs"]), record["outputs"]
            found.append((put_back(entry.folder.name, *parts), record["rule"]))
    return found


def large() -> float:
    """Seconds for a stage like a large student's training."""
    rows, folder = Path("large/train.jsonl"), Path("large/checkpoint")
    folder.mkdir(parents=True)
    rows.write_bytes(os.urandom(ROWS))
    weights = folder / "model.safetensors"
    weights.touch()
    os.truncate(weights, WEIGHTS)  # only its size is looked at
    (folder / "tokenizer.json").write_bytes(os.urandom(17_000_000))
    kept.keep("large", [str(folder)], {"rule": "train_student"})
    shutil.rmtree(folder)
    return put_back("large", "train_student", [str(rows)], [str(folder)])


def snakemake(options: list[str]) -> tuple[float, int]:
    """Seconds of a run, and its jobs that were put back."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *options]
    own = {**os.environ, "PYTHONPATH": "src"}
    done = subprocess.run(command, env=own, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return time.perf_counter() - start, len(re.findall("^unchanged:", done.stderr, re.MULTILINE))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    own, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory(dir=own.folder.resolve().parent) as name:
        folder = Path(name) / "copy"
        shutil.copytree(own.folder, folder, symlinks=True)
        os.chdir(folder)
        found = stages()
        middle, (most, rule) = statistics.median(time for time, _ in found), max(found)
        print(f"{len(found)} stages: median {middle:.3f} s, longest {most:.3f} s ({rule})")
        print(
            f"a student of {WEIGHTS / 1e9:.0f} GB from {ROWS / 1e6:.0f} MB of rows: {large():.2f} s"
        )
        snakemake(options)  # what is not kept, and in memory from then on
        shutil.rmtree("results")
        whole, jobs = snakemake(options)
        nothing, _ = snakemake(options)
        print(f"the whole: {whole:.1f} s, of which {nothing:.1f} s with nothing to do; {jobs} jobs")


if __name__ == "__main__":
    main()
