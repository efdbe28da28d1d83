"""How much memory a stage needs, by the size of its model and what it does with it.

Bounds to ask a cluster for, not measurements; a job that is ended for want of memory is tried again
with more. All in MB (of 10^6 bytes).
"""

import re
from collections.abc import Mapping
from pathlib import Path

from limbeck.config import Classifier, Config, Student, Training
from limbeck.student import weights
from limbeck.workflow.places import CHECKPOINTS

CLIENT = 2_000  # a program that asks an endpoint, or reads and writes rows
LIBRARIES = 4_000  # torch and transformers, or llama.cpp, and the activations of a small batch

# Of a base of the hub whose name does not tell: the larger of the small models this is made for.
_UNKNOWN = 4e9
_PRESETS = {"ibm-granite/granite-4.0-micro": 3.4e9}  # bases of presets, by their cards
_NAMED = re.compile(r"(?<![a-z0-9.])(?:(\d+)x)?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE)

_HALF, _SINGLE = 2, 4  # bytes of a parameter
_PARTS = 4  # of a training: weights, gradients, and Adam's two moments
# Bytes of a parameter by `training.memory`. Of 8-bit moments two are left; NF4 is of linear layers,
# and embeddings of 16 bits are taken for a fifth of the parameters.
_FULL = {"float32": _PARTS * _SINGLE, "bfloat16": _PARTS * _HALF, "adam8bit": 2 * _HALF + 2}
_NF4 = 0.8
_ADAPTERS = 0.1  # of the frozen weights


def parameters(base: str) -> float:
    """About how many parameters a model has, or most have whose size is not known."""
    return known_parameters(base) or _UNKNOWN


def known_parameters(base: str) -> float | None:
    """The same, by its files here or by its name on the hub; None where neither tells."""
    if base.startswith("builtin:"):
        return 1e7
    path = Path(base).expanduser()
    files = weights.files(path) if path.is_dir() else [path]
    if found := sum(file.stat().st_size for file in files if file.is_file()):
        return found / (1 if path.suffix == ".gguf" else _HALF)
    name = base.rpartition("@")[0] or base
    if named := _NAMED.search(name):
        experts, size, unit = named.groups()
        return int(experts or 1) * float(size) * {"b": 1e9, "m": 1e6}[unit.lower()]
    return _PRESETS.get(name)


def holding(base: str, size: float = _SINGLE) -> int:
    """To hold a model, of so many bytes a parameter."""
    return LIBRARIES + round(parameters(base) * size / 1e6)


def training(base: str, section: Training) -> int:
    """To train a language model, and to write what was trained."""
    return holding(base, of_training(section) + (_HALF if section.method == "lora" else 0))


def of_training(section: Training) -> float:
    """Bytes of a parameter of the base that are held while it is trained."""
    if section.method == "full":
        return _FULL[section.memory]
    frozen = _HALF if section.precision == "bfloat16" else _SINGLE
    return (_NF4 if section.memory == "nf4" else frozen) + _ADAPTERS * frozen


def on_each(section: Training) -> float:
    """The same on each device. One that holds a part of the weights has read them all before."""
    weights = _SINGLE if section.memory == "float32" else _HALF
    spread = max(weights, of_training(section) / section.devices)
    return spread if section.shard else of_training(section)


def kept(section: Training) -> float:
    """Bytes of a parameter of the base that a training has on the disk at once, at most."""
    single = _SINGLE if section.memory == "float32" else _HALF
    if section.method == "full":
        return weights.kept(single, section.memory)[-1]
    # A quarter of what adapters take in memory are their weights.
    frozen = _HALF if section.precision == "bfloat16" else _SINGLE
    return weights.kept(_ADAPTERS * frozen / _PARTS, section.memory)[-1]


def first(base: str, students: Mapping[str, Student]) -> str:
    """The base that a base of the same build began with."""
    while base.startswith("student:"):
        base = students[base.removeprefix("student:")].base
    return base


def student(name: str, students: Mapping[str, Student]) -> int:
    """To train a student."""
    return training(first(students[name].base, students), students[name].training)


def exporting(name: str, students: Mapping[str, Student]) -> int:
    """To convert, compare or quantize a student: the checkpoint, and a file of half its size."""
    return holding(first(students[name].base, students), _SINGLE + _HALF)


def classifier(section: Classifier, students: Mapping[str, Student]) -> int:
    """To train a classifier, and to ask it."""
    base = first(section.base, students)
    if section.kind == "linear":
        return CLIENT
    if section.kind == "instruct":
        return training(base, section.training)
    return holding(base, _PARTS * _SINGLE if section.kind == "encoder" else _SINGLE)


def scoring(model: str, config: Config) -> int:
    """To score a model: one that is asked by HTTP, ``{student}/{form}``, ``comparisons/{name}``."""
    if "/" not in model:
        return CLIENT
    name, form = model.split("/")
    if name == "comparisons":
        base = config.benchmarks.comparisons[form]
        return holding(base, _HALF if base.endswith(".gguf") else _SINGLE)
    return holding(
        first(config.students[name].base, config.students),
        _SINGLE if form in CHECKPOINTS else _HALF,
    )
