"""What it costs that threads wait for each other, where other processes want the cores too.

    python benchmarks/waiting.py --model results/swh_Latn/tiny/gguf/Q8_0.gguf

llama.cpp says 40 tokens on all cores, alone and beside busy processes, as stages are by others.
Each way to wait takes its turn in every round; the figures are medians of tokens a second (the
slowest). One that has not ended after a minute counts as it is then.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limbeck.stage import SPINS

TOKENS, PATIENCE = 40, 60  # seconds
BUSY = "while True: sum(range(10_000))"
# libgomp looks so often before a thread sleeps: its own default, ours, the server's, and never.
WAYS: dict[str, dict[str, str]] = {
    "libgomp's own": {},
    SPINS: {"GOMP_SPINCOUNT": SPINS},
    "2000": {"GOMP_SPINCOUNT": "2000"},
    "passive": {"OMP_WAIT_POLICY": "PASSIVE"},
}


def say(model: Path) -> None:
    """Say the tokens; a line for each, with the time of all before it."""
    import llama_cpp

    threads = os.cpu_count()
    llama = llama_cpp.Llama(
        str(model), n_ctx=512, n_threads=threads, n_threads_batch=threads, verbose=False
    )
    begun = time.monotonic()
    tokens = llama.generate(llama.tokenize(b"Once upon a time"), temp=0.0)
    for number, _ in zip(range(1, TOKENS + 1), tokens, strict=False):
        print(number / (time.monotonic() - begun), flush=True)


def speed(model: Path, way: dict[str, str]) -> float:
    """Tokens a second."""
    kept = {name: value for name, value in os.environ.items() if "GOMP" not in name}
    command = [sys.executable, __file__, "--model", str(model), "--say"]
    process = subprocess.Popen(command, env=kept | way, stdout=subprocess.PIPE, text=True)
    try:
        said, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    return float(said.split()[-1]) if said else 0.0


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that want a core each."""
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", type=int, nargs="*", default=[1, 2, 4], metavar="PROCESSES")
    parser.add_argument("--say", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.say:
        return say(options.model)
    beside = [0, *options.beside]
    found: dict[str, list[list[float]]] = {name: [[] for _ in beside] for name in WAYS}
    for _ in range(options.rounds):
        for name, way in WAYS.items():
            for place, count in enumerate(beside):
                with busy(count):
                    found[name][place].append(speed(options.model, way))
    print("| looks before it sleeps |", *(f"{count} beside |" for count in beside))
    print("|---|" + "---|" * len(beside))
    for name, columns in found.items():
        cells = (f"{statistics.median(speeds):.0f} ({min(speeds):.1f}) |" for speeds in columns)
        print(f"| {name} |", *cells)
    return None


if __name__ == "__main__":
    main()
