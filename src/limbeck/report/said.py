"""What the models said, item by item, so that a speaker of the language can judge for themselves.

A few items of each benchmark, always the same ones, with every model's answer.
"""

import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from limbeck.files import Row, digest, parquet_rows
from limbeck.report import names

ITEMS = 30  # of each benchmark
BESIDE = 6  # items whose answers stand side by side, before all scores
LENGTH = 1500  # characters that are shown of a reply
SHORT = 600  # of a question or reply beside others


@dataclass
class Answer:
    """What one or more models said to an item."""

    text: str
    score: float
    models: list[str] = field(default_factory=list)


@dataclass
class Item:
    """An item of a benchmark, with what was said to it."""

    benchmark: str
    id: str
    question: str
    gold: str
    judged: bool  # right or wrong
    answers: list[Answer] = field(default_factory=list)

    def add(self, model: str, text: str, score: float) -> None:
        """Add what a model said. Models that said the same stand together."""
        for answer in self.answers:
            if (answer.text, answer.score) == (text, score):
                answer.models.append(model)
                return
        self.answers.append(Answer(text, score, [model]))

    def answer(self, model: str) -> Answer | None:
        """A model's answer; None where it was not asked."""
        return next((answer for answer in self.answers if model in answer.models), None)

    def score(self, model: str) -> float | None:
        """The score of a model's answer; None where it was not asked."""
        return answer.score if (answer := self.answer(model)) else None

    def verdict(self, student: str, base: str) -> str:
        """Whether one model's answer is better or worse than another's; empty where not asked."""
        own, other = self.score(student), self.score(base)
        if own is None or other is None:
            return ""
        return "alike" if own == other else "better" if own > other else "worse"


def collect(folder: Path, scores: dict[str, dict[str, Row]]) -> list[Item]:
    """The items that are shown, of the scores in a folder such as results/swh_Latn/scores.

    Args:
        scores: by model and benchmark.
    """
    piles = []
    for name in dict.fromkeys(name for own in scores.values() for name in own):
        asked = {model: own[name] for model, own in scores.items() if name in own}
        files = {model: folder / model / f"{name}.items.parquet" for model in asked}
        files = {model: path for model, path in files.items() if path.is_file()}
        if files:
            # A model may have been asked fewer of the items than the others.
            fewest = min(files, key=lambda model: int(asked[model].get("n", 0)))
            drawn = heapq.nsmallest(ITEMS, parquet_rows(files[fewest]), key=_order)
            piles.append(_items(name, [str(row["id"]) for row in drawn], files, asked))
    return [item for turn in zip_longest(*piles) for item in filter(None, turn)]


def _order(row: Row) -> str:
    return digest(row["id"])


def _items(
    name: str, ids: Sequence[str], files: dict[str, Path], scores: dict[str, Row]
) -> list[Item]:
    found: dict[str, Item] = {}
    for model, path in files.items():
        score = scores[model]
        # An option that was chosen by its likelihood was not said.
        unsaid = score.get("ask") == "likelihood"
        for row in parquet_rows(path):
            key = str(row["id"])
            if key in ids:
                question = str(json.loads(row["prompt"])[-1]["content"])
                judged = score.get("metric") in names.METRICS
                gold = row.get("gold_text") or row["gold"]
                chosen = row.get("predicted_text") or row["predicted"]
                fresh = Item(name, key, question, str(gold), judged)
                text = str((chosen if unsaid else row["reply"]) or "")
                found.setdefault(key, fresh).add(model, text, row["score"])
    return [found[key] for key in ids if key in found]


def view(items: Sequence[Item], called: dict[str, str], student: str) -> list[dict[str, Any]]:
    """What the page shows.

    Args:
        called: what the models are called.
        student: whose answers are held against its base's.
    """
    return [
        {
            "benchmark": item.benchmark,
            "tag": names.benchmark(item.benchmark).short,
            "verdict": item.verdict(f"{student}/student", f"{student}/base"),
            "title": " ".join(item.question.split())[:140],
            "question": item.question,
            "gold": item.gold,
            "answers": [
                _said(answer, ", ".join(called[model] for model in answer.models), item)
                for answer in item.answers
            ],
        }
        for item in items
    ]


def beside(items: Sequence[Item], called: dict[str, str], student: str) -> list[dict[str, Any]]:
    """A few items with the answers of base, student and teacher side by side, or the right one.

    What the student answers when it thinks first stands there, too, where it was asked to.

    Args:
        called: what the models are called.
        student: of which the answers are.
    """
    asked = [item for item in items if item.answer(f"{student}/student")]
    return [
        {
            "tag": names.benchmark(item.benchmark).short,
            "question": _cut(item.question, SHORT),
            "answers": list(_beside(item, called, student)),
        }
        for item in asked[:BESIDE]
    ]


def _beside(item: Item, called: dict[str, str], student: str) -> Iterator[dict[str, Any]]:
    for model in (*(f"{student}/{form}" for form in ("base", "student", "thinking")), "teacher"):
        if answer := item.answer(model):
            yield {**_said(answer, called[model], item, SHORT), "mark": names.mark(model)}
    if not item.answer("teacher"):
        text = _cut(item.gold, SHORT)
        yield {"who": "wanted", "text": text, "score": "", "right": False, "mark": "other"}


def _said(answer: Answer, who: str, item: Item, length: int = LENGTH) -> dict[str, Any]:
    return {
        "who": who,
        "text": _cut(answer.text, length),
        "score": _figure(answer.score, item.judged),
        "right": item.judged and answer.score == 1,
    }


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length] + " …"


def _figure(score: float, judged: bool) -> str:
    if judged:
        return "right" if score else "wrong"
    return f"chrF++ {score:.0f}"
