"""What the students of a run take to train and to score: tokens, hours and dollars.

Speeds are those that this folder's last run or its rehearsal had with the same base
(`limbeck.costs.measured`), else they follow from the device (`limbeck.costs.hours`). What is in
results/ is not counted: whether it will be made anew, Snakemake knows.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from limbeck import config
from limbeck.config import CHIPS, TINY, chip
from limbeck.costs import amounts, hours, measured, sizes
from limbeck.costs.accelerator import device
from limbeck.costs.pretend import TOKEN
from limbeck.costs.replay import Replay
from limbeck.device import llama_is_for_cuda
from limbeck.workflow import memory, scored
from limbeck.workflow.build import Build
from limbeck.workflow.places import CHECKPOINTS

Kind = Literal["training", "scoring"]
Basis = Literal["nothing to come", "measured", "estimated", "not known"]  # the worst comes last


@dataclass(slots=True)
class Work:
    """A student's training or scoring, in all languages of the run."""

    student: str
    kind: Kind
    tokens: float = 0.0  # read, and written
    hours: float | None = 0.0  # None: not known
    dollars: float | None = None  # None: no price, or hours that are not known
    basis: Basis = "nothing to come"
    note: str = ""  # the device, or what is missing

    def add(self, tokens: float, seconds: float | None, basis: Basis, note: str = "") -> None:
        """Count a job in; the basis is that of the part of which the least is known."""
        self.tokens += tokens
        known = self.hours is not None and seconds is not None
        self.hours = (self.hours or 0.0) + (seconds or 0.0) / 3600 if known else None
        order = get_args(Basis)
        if order.index(basis) > order.index(self.basis):
            self.basis, self.note = basis, note


class Student:
    """The work of one student."""

    def __init__(self, build: Build, name: str) -> None:
        self.build, self.name = build, name
        self.settings = build.student(name)
        self.base = memory.first(self.settings.base, build.config.students)
        begins, students = _begins(self.settings), build.config.students
        self.alike = [other for other in students if _begins(students[other]) == begins]
        named = build.config.hardware.device
        self.device = named or chip(device().name)
        self.like = measured.Like(self.base, self.settings.training.method, named)
        self.training, self.scoring = Work(name, "training"), Work(name, "scoring")
        # The logs are the same for all languages.
        self._trained, self._scored = cache(measured.training), cache(measured.scoring)

    def works(self) -> list[Work]:
        """Its training, if it has any, and its scoring, with their dollars."""
        found = [self.scoring] if self.settings.merge else [self.training, self.scoring]
        price = self.build.config.hardware.price
        for work in found:
            if price is not None and work.hours is not None:
                work.dollars = work.hours * price
        return found

    def add(self, replay: Replay) -> None:
        """Count in what is to come in a language."""
        results = Path("results") / replay.code
        if not self.settings.merge and not (results / self.name / "training.json").is_file():
            self._train(replay)
        for form in self.build.forms(self.name):
            # A base is scored once for all students that begin with it: it is the first one's.
            names = self.alike if form == "base" else [self.name]
            for benchmark, items in replay.items.items():
                asked = self.build.asks(f"{self.name}/{form}", benchmark)
                scores = [results / f"scores/{name}/{form}/{benchmark}.json" for name in names]
                if asked and names[0] == self.name and not any(map(Path.is_file, scores)):
                    self._score(form, benchmark, items)

    def _train(self, replay: Replay) -> None:
        config, section = self.build.config, self.settings.training
        told = Path(config.instructions("dataset"))
        token = measured.token(self.like, replay.code) or TOKEN
        tokens = amounts.trained(replay.rows, self.settings, replay.card, told, config.seed, token)
        if speed := self._trained(self.like):
            self.training.add(tokens, speed.of(tokens), "measured")
        elif (size := self._size()) and self.device:
            seconds = hours.training(size, tokens, section.method, CHIPS[self.device])
            seconds /= section.devices
            self.training.add(tokens, seconds, "estimated", self._room(size))
        else:
            self.training.add(tokens, None, "not known", self._lacks())

    def _score(self, form: str, benchmark: str, items: amounts.Items) -> None:
        asking = self.build.config.benchmarks
        count = min(items.count, scored.limit(self.build, f"{self.name}/{form}"))
        read = items.read(count)
        thinks = form == "thinking" or asking.thinking is True
        written = items.written(count, asking.chooses_by(benchmark), thinks)
        if speed := self._scored(self.like, form, benchmark):
            self.scoring.add(read + written, speed.of(count), "measured")
        elif self._lacks_cuda(form):
            lacks = "how fast llama.cpp is here, built for the processor alone"
            self.scoring.add(read + written, None, "not known", lacks)
        elif (size := self._size()) and self.device:
            library = "transformers" if form in CHECKPOINTS else "llama.cpp"
            weights = size * sizes.GGUF.get(form, sizes.GGUF["F16"])
            seconds = hours.reading(size, read, CHIPS[self.device]) + hours.writing(
                weights, written, library, asking.batch, CHIPS[self.device]
            )
            self.scoring.add(read + written, seconds, "estimated", self.device)
        else:
            self.scoring.add(read + written, None, "not known", self._lacks())

    def _lacks_cuda(self, form: str) -> bool:
        """Whether the device of this machine is one that the llama.cpp here cannot use."""
        here = self.device and not self.like.device and form not in CHECKPOINTS
        return bool(here) and not llama_is_for_cuda()

    def _size(self) -> float | None:
        return sizes.parameters(self.base)

    def _room(self, size: float) -> str:
        """The device, and whether the base can be trained there."""
        assert self.device
        needed, there = size * memory.on_each(self.settings.training), CHIPS[self.device].memory
        if needed < sizes.FITS * there:
            return self.device
        return (
            f"{self.device}, whose {there / 1e9:.0f} GB are less than the {needed / 1e9:.0f} needed"
        )

    def _lacks(self) -> str:
        if self.device:
            return f"how large {self.base} is"
        return "no GPU here nor in hardware.device, nor a run that was measured"


def _begins(student: config.Student) -> tuple[object, ...]:
    """What decides a student's base; of the built-in one also what its tokenizer is made of."""
    made = (student.architecture, student.mixture) if student.base == TINY else ()
    return student.base, student.revision, student.trust_remote_code, made
