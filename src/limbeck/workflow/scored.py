"""A scored model: where it is, how it is asked, and what decides its score."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from limbeck.config import TINY, Config
from limbeck.device import llama_is_for_cuda
from limbeck.workflow.build import ASKED, Build
from limbeck.workflow.places import CHECKPOINTS, local_files, manifest
from limbeck.workflow.settings import as_json, read_entries


def connection(build: Build, wildcards: Any) -> str:
    """How a scored model is reached; of no meaning for one that is not asked over HTTP."""
    return build.connection(ASKED.get(wildcards.model, "judge"))


def journal(wildcards: Any) -> str:
    """Where the replies of a scored model are kept, which is asked over HTTP."""
    name = "translator" if wildcards.model == "translator" else "score"
    return f"work/journal/{wildcards.language}/{name}-{wildcards.benchmark}.jsonl"


def prompts(build: Build, code: str) -> str:
    """The file of the prompts: the language's own where it is wanted and there."""
    own = f"config/prompts/benchmarks/{code}.yaml"
    wanted = build.config.benchmarks.prompts == "own" and Path(own).is_file()
    return own if wanted else "config/prompts/benchmarks.yaml"


def path(build: Build, wildcards: Any) -> str:
    """The folder, file or name of the scored model; nothing for the teacher, which is asked."""
    if wildcards.model in ASKED:
        return str(wildcards.model)
    name, form = wildcards.model.split("/")
    if name == "comparisons":
        return build.config.benchmarks.comparisons[form]
    folder = f"results/{wildcards.language}/{name}"
    if form in CHECKPOINTS:
        return f"{folder}/{'base' if form == 'base' else 'checkpoint'}"
    return f"{folder}/gguf/{form}.gguf"


def files(build: Build, wildcards: Any) -> list[str]:
    """The scored model of this build as a rule's input."""
    place = path(build, wildcards)
    own = place not in ASKED and not wildcards.model.startswith("comparisons/")
    return [place] if own else []


def checks(build: Build, wildcards: Any) -> list[str]:
    """What tells of an edit of a scored model: its manifest, or its files on this machine."""
    place = path(build, wildcards)
    if not files(build, wildcards):
        there = place not in ASKED and Path(place).expanduser().exists()
        return local_files(place) if there else []
    # A GGUF that failed its parity check is not worth a score.
    parity = [re.sub(r"[^/]+\.gguf$", "parity.json", place)] if place.endswith(".gguf") else []
    return [manifest(place), *parity]


def is_gguf(build: Build, model: str) -> bool:
    """Whether llama.cpp runs a scored model."""
    name, _, form = model.rpartition("/")
    if name == "comparisons":
        return build.config.benchmarks.comparisons[form].partition("@")[0].endswith(".gguf")
    return model not in ASKED and form not in CHECKPOINTS


def _is_small(build: Build, model: str) -> bool:
    """Whether it is a GGUF file of the built-in base: these are faster beside each other."""
    student = build.config.students.get(model.partition("/")[0])
    return is_gguf(build, model) and student is not None and student.base == TINY


def on_accelerator(build: Build, model: str) -> bool:
    """Whether a scored model is asked on an accelerator, if there is any that can run it."""
    if model in ASKED or _is_small(build, model):
        return False
    return not is_gguf(build, model) or llama_is_for_cuda()


def threads(build: Build, model: str) -> int:
    """Threads of a scored model: what the machine has for a file that llama.cpp runs."""
    return 16 if is_gguf(build, model) and not _is_small(build, model) else 1


def limit(build: Build, model: str) -> int:
    """Of how many items a scored model is asked, at most: fewer of a student's GGUF files."""
    wanted = build.config.benchmarks
    of_student = model.partition("/")[0] in build.config.students
    fewer = wanted.limit_quantized if of_student and is_gguf(build, model) else None
    return min(wanted.limit, fewer or wanted.limit)


def settings(build: Build, wildcards: Any) -> str:
    """What decides a score; the teacher's settings only where the teacher is scored."""
    code = wildcards.language if wildcards.model in ASKED else None
    return _settings(build, wildcards.model, wildcards.benchmark, code)


def _items(config: Config, model: str) -> int | None:
    """Of how many items a rehearsal asks; a teacher is asked of so many as in other stages."""
    if model in ASKED:
        return config.questions(ASKED[model])
    return config.rehearsal.items if config.rehearsal else None


def thinking_prompt(config: Config) -> str | None:
    """The template of the system prompt that asks a student to think: that of its training."""
    found = read_entries(Path(config.instructions("dataset"))).get("thinking")
    return found if isinstance(found, str) else None


@cache
def _settings(build: Build, model: str, benchmark: str, code: str | None) -> str:
    """A score's settings, which only those of a teacher have by language."""
    config = build.config
    named = config.filters.language
    student = config.students.get(model.partition("/")[0])
    asking = config.benchmarks.asking(benchmark)
    if student and model.endswith("/thinking"):
        asking |= config.benchmarks.thought()
    return as_json(
        **asking | {"limit": limit(build, model)},
        seed=config.seed,
        teacher=build.teacher(ASKED[model], code) if code else None,
        language=named if named.model else None,  # without an identifier the rest decides nothing
        thinking_prompt=thinking_prompt(config) if student and asking["thinking"] else None,
        trust_remote_code=bool(student and student.trust_remote_code),
        items=_items(config, model),
    )
