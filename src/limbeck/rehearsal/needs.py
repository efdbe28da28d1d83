"""What a config needs: keys, agreements on the hub, memory, disk, a teacher that answers.

Every check is one line. Of the hub each repository costs one request, a base one more.
"""

import contextlib
import io
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel

from limbeck.config import LORA, TINY, Role, Training
from limbeck.costs.accelerator import Device, device
from limbeck.costs.sizes import FITS, GGUF, size
from limbeck.errors import UserError
from limbeck.evaluation import translator
from limbeck.rehearsal.machine import GIB, Check, free_disk
from limbeck.sources.access import barrier
from limbeck.student import base
from limbeck.teacher.client import Request, ask
from limbeck.workflow import memory, named
from limbeck.workflow.build import Build

# Ways to train in less memory, the nearest to a whole training first.
LEANER = {
    "training.memory: bfloat16": Training(memory="bfloat16"),
    "training.memory: adam8bit": Training(memory="adam8bit"),
    f"training: {{{LORA}}}": Training(method="lora"),
    f"training: {{{LORA}, memory: nf4}}": Training(method="lora", memory="nf4"),
}


def of(build: Build) -> Iterator[Check]:
    """All checks that ask nothing of a teacher."""
    yield from keys(build)
    yield from hub(build)
    yield from bases(build)
    yield disk(build)


def keys(build: Build) -> Iterator[Check]:
    """Whether the keys of the teachers are in the environment."""
    for name, role in build.config.teacher.variables().items():
        there = bool(os.environ.get(name, "").strip())
        state = "is set" if there else f"is not set: export {name}=..."
        yield Check(there, f"teacher.{role}: the variable {name} {state}")


def hub(build: Build) -> Iterator[Check]:
    """Whether what the config names of the hub can be read: one request each."""
    for repository in named.repositories(build):
        lacks = barrier(repository)
        state = lacks or "can be read"
        yield Check(lacks is None, f"{repository.key}: {repository.name}: {state}")


def bases(build: Build) -> Iterator[Check]:
    """Whether the students' bases are what training needs, and fit the device."""
    config, here = build.config, device()
    for name, student in config.students.items():
        origin = memory.first(student.base, config.students)
        where = f"students.{name}: {student.base}"
        yield from _devices(name, student.training, here)
        if student.training.memory == "nf4" and not here.cuda:
            lacks = "it needs a CUDA device, and there is none here"
            yield Check(False, f"students.{name}: training.memory: nf4: {lacks}")
            continue
        if origin == TINY or student.merge:
            continue
        try:
            parameters = size(origin)
            if origin == student.base and not origin.endswith(".gguf"):
                base.check_small_files(
                    _small_files(origin, student.revision), origin, student.trust_remote_code
                )
        except UserError as error:
            yield Check(False, str(error).replace("base: ", f"students.{name}.base: ", 1))
            continue
        devices = min(student.training.devices, here.number)
        needed = parameters * memory.on_each(
            student.training.model_copy(update={"devices": devices})
        )
        words = f"has {parameters / 1e9:.1f} billion parameters and takes {_gib(needed)} to train"
        room = f"{here.name} has {_gib(here.memory)}"
        if needed < FITS * here.memory:
            yield Check(True, f"{where} {words}; {room}")
            continue
        yield Check(False, f"{where} {words}, and {room}: {_leaner(parameters, here)}")


def _devices(name: str, training: Training, here: Device) -> Iterator[Check]:
    """Where there are fewer devices than a training asks for, whether those will do."""
    there = here.number if here.cuda else 0
    if training.devices <= max(1, there):
        return
    good = there > 1 or not training.shard
    does = "it takes what there is" if good else "training.shard needs two at least"
    yield Check(good, f"students.{name}: training.devices: {training.devices} GPUs, of which this "
                f"machine has {there or 'none'}: {does}")  # fmt: skip


def _leaner(parameters: int, here: Device) -> str:
    """The first way to train a base on a device, activations left out."""
    for way, training in LEANER.items():
        needed = parameters * memory.of_training(training)
        if needed < FITS * here.memory and (here.cuda or training.memory != "nf4"):
            return f"{way} takes {_gib(needed)}"
    return "take a smaller base or a larger machine"


def _small_files(name: str, revision: str | None) -> Path:
    """A folder with a base's configuration and tokenizer."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    with _silence():
        return base.fetch(name, revision, trust_remote_code=False, whole=False)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What a client says of its progress is no line of a check."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def disk(build: Build) -> Check:
    """Whether bases, checkpoints and GGUF files have room."""
    needed = 2.0 * GIB  # everything else
    for student in build.config.students.values():
        origin = memory.first(student.base, build.config.students)
        if origin == TINY:
            continue
        try:
            parameters = size(origin)
        except UserError:
            continue  # said already
        files = ["F16", *build.config.gguf.quantizations]
        each = parameters * (2 + sum(GGUF[name] for name in files))
        # The base once; of each language a checkpoint, its GGUF files, and what a training keeps.
        needed += parameters * 2 + len(build.codes) * each
        needed += parameters * memory.kept(student.training)
    free = free_disk()
    words = f"disk: {_gib(free)} free here, about {_gib(needed)} needed"
    return Check(free >= needed, words if free >= needed else f"{words}: make room, or leave out "
                 "gguf.quantizations")  # fmt: skip


def _gib(count: float) -> str:
    return f"{count / GIB:.1f} GiB" if count < 10 * GIB else f"{math.ceil(count / GIB):,} GiB"


class Sum(BaseModel):
    """The form of a reply that shows whether a teacher keeps to a form."""

    answer: Literal[5]


def teachers(build: Build, work: Path) -> Iterator[Check]:
    """Whether each teacher answers, and in a form: two calls, and what finds out the form.

    What only translates is given a text in its own form, once.
    """
    asked = set()
    for role in get_args(Role):
        teacher, connection = build.config.teacher.role(role), build.config.connection(role)
        place = (teacher.model, teacher.url, teacher.server)
        if place in asked or teacher.server == "phrasebook":
            continue
        asked.add(place)
        settings = build.teacher_settings(role, build.codes[0])
        where = f"teacher.{role}: {settings.model}"
        turns = [{"role": "user", "content": 'What is 2 + 3? Reply with JSON: {"answer": 5}'}]
        requests = [Request(turns), Request(turns, Sum)]
        if teacher.only_translates:
            requests = [translator.request(turns, translator.Translator.form)]
        try:
            patient = connection.model_copy(update={"retries": 2, "batch": None})
            with _silence():
                answers = ask(requests, settings, patient, work / "rehearsal.jsonl", work)
        except UserError as error:
            yield Check(False, f"{where}: {error}")
            continue
        if (first := answers[0]).failure:
            yield Check(False, f"{where}: answers nothing of use ({first.failure})")
        elif formed := answers[-1].failure:
            yield Check(
                False,
                f"{where}: keeps to no form of JSON ({formed}): set "
                f"teacher.{role}.structured to what the endpoint knows, or take another model",
            )
        else:
            does = "translates" if teacher.only_translates else "answers, also in a form"
            yield Check(True, f"{where}: {does}")
