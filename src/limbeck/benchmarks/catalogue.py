"""The benchmarks by name, and their prompts."""

from pathlib import Path

from limbeck.benchmarks.belebele import BELEBELE
from limbeck.benchmarks.flores import FROM_ENGLISH, INTO_ENGLISH
from limbeck.benchmarks.global_mmlu import GLOBAL_MMLU
from limbeck.benchmarks.sib200 import SIB200
from limbeck.generation import instructions

BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (FROM_ENGLISH, INTO_ENGLISH, SIB200, BELEBELE, GLOBAL_MMLU)
}


def load_instructions(path: Path) -> instructions.Instructions:
    """The prompts of all benchmarks, checked."""
    return instructions.load(path, {name: b.placeholders for name, b in BENCHMARKS.items()})
