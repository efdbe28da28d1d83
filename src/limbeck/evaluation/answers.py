"""Asking a model a benchmark's items, and keeping what it answered from run to run.

Answers are kept in an append-only JSONL file, each under a digest of all that decides it: the
model, the prompt, the way of asking. A scoring that was killed asks only what is missing.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from limbeck.config import Choice
from limbeck.evaluation import multiple_choice, numeric, replies
from limbeck.evaluation.cut import check_cut, say_unread
from limbeck.evaluation.items import Item
from limbeck.evaluation.questions import Questions, Settings
from limbeck.files import digest
from limbeck.models.protocol import Done, Generation, Model
from limbeck.student.encoding import Message

_TIMES = 3  # a translation's tokens over its reference's, at most


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model answered, for each item; ``predicted`` is the translation or the option."""

    ask: Choice
    replies: list[str]  # as they came; log-likelihoods as JSON
    predicted: list[str | None]
    finish_reasons: list[str | None]
    seconds: float  # of asking, those of earlier runs too
    scores: list[dict[str, float]] | None = None  # option -> log-likelihood
    max_tokens: int | None = None  # of each generated answer


class Kept:
    """The answers in a file, and those that come; in memory alone without one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._answers: dict[str, Any] = {}
        self._seconds: dict[str, float] = {}
        self._last = time.perf_counter()
        if path is not None and path.exists():
            for line in path.read_bytes().split(b"\n"):
                self._read(line)
            print(f"{len(self._answers)} answers are kept in {path}")

    def _read(self, line: bytes) -> None:
        try:
            row = json.loads(line)
            self._answers[row["key"]], self._seconds[row["key"]] = row["answer"], row["seconds"]
        except (ValueError, TypeError, KeyError):
            return  # the end of a line that a killed process did not finish

    def __contains__(self, key: str) -> bool:
        return key in self._answers

    def __getitem__(self, key: str) -> Any:
        return self._answers[key]

    def start(self) -> None:
        """Begin to measure the time that answers take."""
        self._last = time.perf_counter()

    def add(self, key: str, answer: Any) -> None:
        """Keep an answer, a JSON value. A line is written with one system call."""
        now = time.perf_counter()
        self._answers[key], self._seconds[key] = answer, now - self._last
        self._last = now
        if self._path is not None:
            row = {"key": key, "answer": answer, "seconds": round(self._seconds[key], 6)}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab", buffering=0) as file:
                # After a line that was not finished, this one begins anew.
                file.write(b"\n" + json.dumps(row, ensure_ascii=False).encode())

    def seconds(self, keys: Sequence[str]) -> float:
        """How long the asking for some answers took."""
        return sum(self._seconds[key] for key in set(keys))


def ask(asked: Questions, model: Model, settings: Settings, kept: Kept) -> Answers:
    """The model's answers. An endpoint generates whatever ``choose_by`` says."""
    if asked.benchmark.choice and settings.choose_by == "likelihood":
        if model.gives_likelihood:
            return _likelihoods(asked, model, kept)
        print("an endpoint gives no log-likelihood: it generates its answers, which are parsed")
    return _generations(asked, model, settings, kept)


def _likelihoods(asked: Questions, model: Model, kept: Kept) -> Answers:
    texts = [asked.texts(item) for item in asked.items]

    def call(rows: list[int], done: Done) -> None:
        prompts, options = [asked.prompts[row] for row in rows], [texts[row] for row in rows]
        model.loglikelihood(prompts, options, done=done)

    found, seconds = _answered(asked.prompts, model, ["likelihood"], call, kept, texts)
    scores = [
        dict(zip(item.options, values, strict=True))
        for item, values in zip(asked.items, found, strict=True)
    ]
    predicted: list[str | None] = [
        multiple_choice.best(asked.compared(item, own))
        for item, own in zip(asked.items, scores, strict=True)
    ]
    shown = [json.dumps(score, ensure_ascii=False) for score in scores]
    return Answers("likelihood", shown, predicted, [None] * len(shown), seconds, scores)


def _generations(asked: Questions, model: Model, settings: Settings, kept: Kept) -> Answers:
    limit = room(asked, model, settings)
    found, seconds = generated(asked.prompts, model, limit, settings.thinking, kept)
    predicted = [
        _read(reply.text, item, asked) for item, reply in zip(asked.items, found, strict=True)
    ]
    texts = [reply.text for reply in found]
    reasons: list[str | None] = [reply.finish_reason for reply in found]
    if not model.gives_likelihood:
        check_cut(asked.benchmark.name, reasons, settings.max_cut)
        say_unread(asked.benchmark.name, predicted.count(None), len(predicted), settings.max_cut)
    return Answers("generation", texts, predicted, reasons, seconds, max_tokens=limit)


def generated(
    prompts: Sequence[Sequence[Message]], model: Model, limit: int, thinking: bool, kept: Kept
) -> tuple[list[Generation], float]:
    """A reply to each prompt, kept or new, and how long all of them took."""

    def call(rows: list[int], done: Done) -> None:
        model.generate(
            [prompts[row] for row in rows],
            limit,
            thinking=thinking,
            done=lambda row, reply: done(row, asdict(reply)),
        )

    way = ["generation", limit, thinking]
    found, seconds = _answered(prompts, model, way, call, kept, [[]] * len(prompts))
    return [Generation(**reply) for reply in found], seconds


def room(asked: Questions, model: Model, settings: Settings) -> int:
    """The tokens that a model may generate.

    A translation may have three times the tokens of the longest reference, in the model's own
    count: the same for a script that a tokenizer knows badly as for English. Reasoning comes on
    top of it.
    """
    thoughts = settings.thinking_tokens if settings.thinking else 0
    if asked.benchmark.kind != "translation":
        return settings.max_tokens + thoughts
    longest = max(model.count(item.gold) or 0 for item in asked.items)
    return max(settings.translation_tokens, _TIMES * longest) + thoughts


def _answered(
    prompts: Sequence[Sequence[Message]],
    model: Model,
    way: Sequence[object],
    call: Callable[[list[int], Done], None],
    kept: Kept,
    options: Sequence[Sequence[str]],
) -> tuple[list[Any], float]:
    """An answer to each prompt, kept or new, and how long all of them took."""
    keys = [
        digest(model.digest, model.tools, *way, prompt, list(own))
        for prompt, own in zip(prompts, options, strict=True)
    ]
    missing = [row for row, key in enumerate(keys) if key not in kept]
    if missing:
        kept.start()
        call(missing, lambda place, answer: kept.add(keys[missing[place]], answer))
    return [kept[key] for key in keys], kept.seconds(keys)


def _read(reply: str, item: Item, asked: Questions) -> str | None:
    """What a reply answers: an option's name, a number, or a translation."""
    if asked.benchmark.kind == "choice":
        return _chosen(reply, item, asked)
    if asked.benchmark.kind == "number":
        return numeric.last(replies.without_trace(reply), whole="." not in item.gold)
    return _one_line(reply)


def _chosen(reply: str, item: Item, asked: Questions) -> str | None:
    if not asked.whole:
        return multiple_choice.parse(reply, item.options)
    # Letters were not shown, so none is an answer.
    names = {text: name for name, text in item.options.items()}
    chosen = multiple_choice.parse(reply, {text: text for text in names})
    return names[chosen] if chosen is not None else None


def _one_line(reply: str) -> str:
    # A segment is a line to sacrebleu; chrF does not count white space.
    return " ".join(replies.without_trace(reply).split())
