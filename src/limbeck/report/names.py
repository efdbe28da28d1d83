"""What models, benchmarks and stages are called, and how figures are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.config import DATA_SETS
from limbeck.files import Row


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark's names for people, and the score of guessing in percent, where it has one."""

    title: str
    short: str
    chance: float | None = None


BENCHMARKS = {
    "flores_from_english": Benchmark("English into {language}", "From English"),
    "flores_into_english": Benchmark("{language} into English", "Into English"),
    "sib200": Benchmark("Topic of a text", "Topic", 100 / 7),
    "belebele": Benchmark("Reading comprehension", "Reading", 25.0),
    "global_mmlu": Benchmark("Knowledge", "Knowledge", 25.0),
    "global_mmlu_lite": Benchmark("Knowledge, short", "Knowledge, short", 25.0),
}

COMPARISONS = "comparisons/"  # models that were only scored

_FORMS = {"base": "base", "student": "student", "thinking": "student, thinking"}

METRICS = {"accuracy": "accuracy, %", "exact match": "exact match, %"}


def benchmark(name: str) -> Benchmark:
    """A benchmark by its name in the config, known or not."""
    own = name.replace("_", " ").capitalize()
    return BENCHMARKS.get(name, Benchmark(own, own))


def title(name: str, language: str) -> str:
    """A benchmark's title in a language, which is named in English."""
    return benchmark(name).title.format(language=language)


def data_set(name: str) -> str:
    """The data set that a benchmark's items are of: both directions of FLORES share one."""
    return DATA_SETS.get(name, name)


def metric(score: Row) -> str:
    """A score's metric, as it stands beside an axis."""
    name = str(score.get("metric", ""))
    return METRICS.get(name, name)


def interval(score: Row) -> tuple[float, float]:
    """A score's 95% interval, or the score itself where there is none."""
    low, high = score.get("interval") or (score["value"], score["value"])
    return float(low), float(high)


def models(names: Sequence[str], students: Sequence[str], teacher: str) -> dict[str, str]:
    """What the scored models are called, in the order of students, with the teacher last.

    Args:
        names: ``teacher``, ``{student}/{form}`` and ``comparisons/{name}``.
        students: their names.
        teacher: the teacher's model.
    """
    called = {}
    for name in sorted(names, key=lambda name: name == "teacher"):
        student, _, form = name.partition("/")
        if name == "teacher":
            called[name] = f"teacher ({teacher})"
        elif student in students and form:
            prefix = f"{student}: " if len(students) > 1 else ""
            called[name] = prefix + _FORMS.get(form, f"GGUF {form}")
        else:
            called[name] = name.removeprefix(COMPARISONS)
    return called


def thinks(model: str) -> bool:
    """Whether a scored model is a student that was asked to think."""
    return not model.startswith(COMPARISONS) and model.endswith("/thinking")


def mark(model: str) -> str:
    """The class of a model's mark in the charts."""
    kind = model.rpartition("/")[2]
    if model.startswith(COMPARISONS) or model == "translator":
        return "other"
    kind = "student" if thinks(model) else kind
    return kind if kind in {"base", "student", "teacher"} else "gguf"


def count(number: int) -> str:
    """A count with a thin space between thousands."""
    return f"{number:,}".replace(",", "\u202f")


def size(number: int) -> str:
    """A size in bytes, for people."""
    if number >= 1e9:
        return f"{number / 1e9:.2f} GB"
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"


def duration(seconds: float) -> str:
    """A time for people: seconds, minutes or hours."""
    if seconds < 99.5:
        return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def setting(value: Any) -> str:
    """A threshold as it stands beside a filter's name; nothing for one that is just on."""
    if value is None or value is True:
        return ""
    if isinstance(value, dict):
        parts = {key: setting(part) for key, part in value.items()}
        return ", ".join(f"{key.replace('_', ' ')} {part}" for key, part in parts.items() if part)
    if isinstance(value, list):
        between = ", " if any(isinstance(part, str) for part in value) else " to "
        return between.join(setting(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
