"""The benchmarks by name, and their prompts."""

from pathlib import Path

from limbeck.config import Custom
from limbeck.errors import UserError
from limbeck.evaluation import custom, numeric
from limbeck.evaluation.belebele import BELEBELE
from limbeck.evaluation.flores import FROM_ENGLISH, INTO_ENGLISH
from limbeck.evaluation.global_mmlu import GLOBAL_MMLU, GLOBAL_MMLU_LITE
from limbeck.evaluation.items import Benchmark
from limbeck.evaluation.sib200 import SIB200
from limbeck.generation import instructions

BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        FROM_ENGLISH,
        INTO_ENGLISH,
        SIB200,
        BELEBELE,
        GLOBAL_MMLU,
        GLOBAL_MMLU_LITE,
    )
}


def find(name: str, own: Custom | None = None) -> Benchmark:
    """A benchmark by name, published or of your own.

    Raises:
        UserError: the name is unknown.
    """
    if own is not None:
        return custom.benchmark(name, own)
    if name not in BENCHMARKS:
        raise UserError(f"unknown benchmark {name!r}; allowed: {', '.join(BENCHMARKS)}")
    return BENCHMARKS[name]


def load_instructions(path: Path) -> instructions.Instructions:
    """The prompts of all benchmarks, checked."""
    names = {benchmark.asked_as: benchmark.placeholders for benchmark in BENCHMARKS.values()}
    wholes = {f"{b.asked_as}_whole": b.whole for b in BENCHMARKS.values() if b.whole}
    own = {
        custom.CHOICE: custom.PLACEHOLDERS["choice"],
        f"{custom.CHOICE}_whole": ("question",),
        numeric.QUESTION: custom.PLACEHOLDERS["number"],
    }
    return instructions.load(path, names | wholes | own)
