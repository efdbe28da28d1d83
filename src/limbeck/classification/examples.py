"""Have the teacher write labelled examples, and check them.

python -m limbeck.classification.examples --language card.json --task config/tasks/topic.yaml
    --instructions config/prompts/classification.yaml --seeds seeds.jsonl --english english.jsonl
    --settings JSON --connection JSON --journal FILE --output examples.jsonl

A request is for several texts of one label, and holds nothing of any other label: an edit of a
label's description pays for that label's requests alone. What fails, repeats another text or does
not pass the self-check is asked for again, a few times; what `select` then removes is not.
Settings: {"teacher", "examples", "seed"}.

After "Better as Generators Than Classifiers" (arXiv 2601.16278) and, for demonstrations and the
yes/no self-check, arXiv 2506.12158.
"""

import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel

from limbeck import config, files, stage
from limbeck.classification.tasks import Task
from limbeck.classification.tasks import load as load_task
from limbeck.files import Row
from limbeck.generation import asking
from limbeck.generation.asking import Teacher, items_model, listed
from limbeck.generation.instructions import Instructions, load, quote
from limbeck.teacher.client import Reply, Request
from limbeck.teacher.replies import told

_WRITE = ("label", "description", "text_kind", "count", "hint")
TEMPLATES: dict[str, tuple[str, ...]] = {
    "descriptions": _WRITE,
    "english": (*_WRITE, "examples"),
    "language": (*_WRITE, "examples"),
    "summaries": _WRITE,
    "summary": ("question", "label", "description", "examples"),
    "hint": ("hints",),
    "hint_of_text": ("subject", "writer", "length"),
    "subjects": ("question", "count", "text_kind", "label", "description"),
    "writers": (),
    "lengths": (),
    "check": ("label", "description", "question", "text_kind", "text"),
    "classify": ("question", "text_kind", "labels", "text"),
    "choose": ("question", "labels", "text"),
    "channel": ("text_kind", "label", "description"),
}


_SUBJECTS = 24  # of a label, for the hints
_LONGEST = 80  # characters of a subject


_DEMONSTRATED = {"english", "language"}
CHECK = "check"


def parts(strategy: str) -> list[str]:
    """The parts of a strategy: the template that asks comes first."""
    return strategy.split("+")


class Judgement(BaseModel):
    """The form of a reply to a yes/no question."""

    model_config = told("The form of a reply to a yes/no question.")

    answer: Literal["yes", "no"]


class Summary(BaseModel):
    """The form of a reply that is a text."""

    model_config = told("The form of a reply that is a text.")

    summary: str


class Settings(asking.Settings):
    """What decides this stage's result."""

    examples: config.Examples


class Order(NamedTuple):
    """One request for texts: the ``number``-th of a label."""

    label: str
    number: int
    strategy: config.Strategy


@dataclass
class Writing:
    """The state of a label set in the making.

    Attributes:
        seeds: texts of people in the language.
        english: the same in English, where there are any; else the task's own examples are shown.
        rows: all that came, failures and refused texts too, in the order of the orders.
        summaries: of the labels, where the strategy is asked for.
        subjects: of the labels, where hints are.
    """

    task: Task
    card: Row
    instructions: Instructions
    seeds: Sequence[Row]
    english: Sequence[Row]
    settings: Settings
    teacher: Teacher
    rows: list[Row] = field(default_factory=list)
    summaries: dict[str, str] = field(default_factory=dict)
    subjects: dict[str, list[str]] = field(default_factory=dict)
    asked: dict[tuple[str, str | None], int] = field(default_factory=dict)

    def run(self) -> list[Row]:
        """Ask in rounds, until each label has enough or the rounds are over."""
        if any("summaries" in parts(name) for name in self.settings.examples.strategies):
            self._summarise()
        if self.settings.examples.hints:
            self._name_subjects()
        for _ in range(self.settings.examples.rounds):
            orders = list(self._orders())
            if not orders:
                break
            self.rows += self.teacher.ask(orders, self._prompt, self._parse)
            self._mark_repeated()
            self._check()
        return self.rows

    def _orders(self) -> Iterator[Order]:
        """Requests for what is missing of each label."""
        wanted, each = self.settings.examples.per_label, self.settings.examples.per_request
        there = Counter(self._set(row) for row in self.rows if not row["failure"])
        for label in self.task.names:
            strategies = self._dealt(label)
            sets = [[name] for name in strategies] if self.settings.examples.apart else [strategies]
            for dealt in sets:
                of = self._set({"label": label, "strategy": dealt[0]})
                first = self.asked.get(of, 0)
                count = -(-max(0, wanted - there[of]) // each)
                self.asked[of] = first + count
                for number in range(first, first + count):
                    yield Order(label, number, dealt[number % len(dealt)])

    def _dealt(self, label: str) -> list[config.Strategy]:
        """The strategies of a label: one that shows texts only where there is one to show."""
        fit = [name for name in self.settings.examples.strategies if self._fits(label, name)]
        return fit or ["descriptions"]

    def _fits(self, label: str, strategy: str) -> bool:
        return not _DEMONSTRATED & set(parts(strategy)) or bool(self._pool(label, strategy))

    def bare(self) -> list[str]:
        """The labels that go without a strategy, as they have no text for it to show."""
        strategies = self.settings.examples.strategies
        return [
            label
            for label in self.task.names
            if not all(self._fits(label, name) for name in strategies)
        ]

    def _set(self, row: Row) -> tuple[str, str | None]:
        """What a row counts for: its label, and its strategy where each is a set of its own."""
        return row["label"], row["strategy"] if self.settings.examples.apart else None

    def _drawn(self, order: Order) -> random.Random:
        """The chance of one order; other labels and orders do not move it."""
        return random.Random(files.digest(self.settings.seed, order.label, order.number))

    def _prompt(self, order: Order) -> Request:
        description = self.task.labels[order.label].description
        if "summaries" in parts(order.strategy):
            description = self.summaries.get(order.label) or description
        words = {
            "text_kind": self.task.text_kind,
            "count": str(self.settings.examples.per_request),
        }
        data = {"label": order.label, "description": description}
        if _DEMONSTRATED & set(parts(order.strategy)):
            data["examples"] = _listed([text for _, text in self._shown(order)])
        words["hint"] = self._hint(order, [*data, "hints"])
        text = self.instructions.render(parts(order.strategy)[0], self.card, words, data)
        form = items_model("LabelledExamples", self.settings.examples.per_request)
        return Request([{"role": "user", "content": text}], form, sample=order.number)

    def _hint(self, order: Order, tags: Sequence[str]) -> str:
        """What each text of a request is to be like, a line a text; nothing without hints."""
        subjects = self.subjects.get(order.label)
        if not subjects:
            return ""
        rng, count = self._drawn(order), self.settings.examples.per_request
        lists = (subjects, self._lines("writers"), self._lines("lengths"))
        told = zip(*(_spread(lines, count, rng) for lines in lists), strict=True)
        names = ("subject", "writer", "length")
        lines = [
            self.instructions.render("hint_of_text", self.card, dict(zip(names, row, strict=True)))
            for row in told
        ]
        words = {"hints": quote("hints", "\n".join(lines), tags)}
        return self.instructions.render("hint", self.card, words) + "\n\n"

    def _lines(self, name: str) -> list[str]:
        lines = self.instructions.render(name, self.card).splitlines()
        return [line.strip() for line in lines if line.strip()]

    def _shown(self, order: Order) -> list[tuple[str, str]]:
        """The demonstrations of an order as (id, text)."""
        pool = self._pool(order.label, order.strategy)
        count = self.settings.examples.demonstrations
        return self._drawn(order).sample(pool, min(count, len(pool)))

    def _pool(self, label: str, strategy: str) -> list[tuple[str, str]]:
        """The texts of a label that a strategy draws demonstrations from, as (id, text)."""
        english = "english" in parts(strategy)
        rows = self.english if english else self.seeds
        found = [(row["id"], row["text"]) for row in rows if row["label"] == label]
        texts = self.task.labels[label].examples if english and not found else []
        return found or [(f"{self.task.name}/{label}/{i}", text) for i, text in enumerate(texts)]

    def _parse(self, order: Order, reply: Reply) -> list[Row]:
        texts = listed(reply, self.settings.examples.per_request)
        if reply.failure or not texts:
            return [self._row(order, "", reply.failure or "empty")]
        return [self._row(order, text, None) for text in texts]

    def _row(self, order: Order, text: str, failure: str | None) -> Row:
        shown = self._shown(order) if _DEMONSTRATED & set(parts(order.strategy)) else []
        own = [order.strategy] if self.settings.examples.apart else []
        return {
            "id": f"example-{files.digest(order.label, order.number, text, *own)}",
            "text": text,
            "label": order.label,
            "strategy": order.strategy,
            "request": order.number,
            "demonstrations": [identifier for identifier, _ in shown],
            "teacher": self.settings.teacher.name,
            "checked": None,
            "failure": failure,
        }

    def _mark_repeated(self) -> None:
        """Texts that a label has already, so that they are asked for again."""
        seen: set[tuple[object, str]] = set()
        for row in self.rows:
            key = (self._set(row), " ".join(row["text"].split()).casefold())
            if row["failure"] is None and key in seen:
                row["failure"] = "repeated"
            seen.add(key)

    def _check(self) -> None:
        """Ask of each new text whether it is of its label."""
        always = self.settings.examples.self_check
        new = [
            row
            for row in self.rows
            if row["failure"] is None and row["checked"] is None
            if always or CHECK in parts(row["strategy"])
        ]
        # A verdict, not a draw: at a writer's temperature one text passes once and fails once.
        settings = self.teacher.settings.model_copy(update={"temperature": 0.0})
        if new:
            replace(self.teacher, settings=settings).ask(new, self._check_prompt, self._checked)

    def _check_prompt(self, row: Row) -> Request:
        words = {"text_kind": self.task.text_kind, "question": self.task.question}
        description = self.task.labels[row["label"]].description
        data = {"label": row["label"], "description": description, "text": row["text"]}
        text = self.instructions.render("check", self.card, words, data)
        return Request([{"role": "user", "content": text}], Judgement)

    def _checked(self, row: Row, reply: Reply) -> list[Row]:
        row["checked"] = getattr(reply.value, "answer", None)
        if row["checked"] != "yes":
            row["failure"] = "self-check: " + (reply.failure or "no")
        return []

    def _name_subjects(self) -> None:
        """Have the teacher name what texts of each label can be about."""

        def prompt(label: str) -> Request:
            words = {
                "question": self.task.question,
                "count": str(_SUBJECTS),
                "text_kind": self.task.text_kind,
            }
            data = {"label": label, "description": self.task.labels[label].description}
            text = self.instructions.render("subjects", self.card, words, data)
            form = items_model("LabelSubjects", _SUBJECTS)
            return Request([{"role": "user", "content": text}], form)

        def parse(label: str, reply: Reply) -> list[tuple[str, list[str]]]:
            lines = [" ".join(line.split())[:_LONGEST] for line in listed(reply, _SUBJECTS)]
            return [(label, lines)]

        self.subjects = dict(self.teacher.ask(self.task.names, prompt, parse))
        if lost := [label for label, lines in self.subjects.items() if not lines]:
            print(f"{self.task.name}: no subjects came of {', '.join(lost)}: no hints are given")

    def _summarise(self) -> None:
        def prompt(label: str) -> Request:
            texts = [row["text"] for row in self.seeds if row["label"] == label]
            data = {
                "label": label,
                "description": self.task.labels[label].description,
                "examples": _listed(texts or self.task.labels[label].examples),
            }
            words = {"question": self.task.question}
            text = self.instructions.render("summary", self.card, words, data)
            return Request([{"role": "user", "content": text}], Summary)

        def parse(label: str, reply: Reply) -> list[tuple[str, str]]:
            return [(label, str(getattr(reply.value, "summary", "")))]

        self.summaries = dict(self.teacher.ask(self.task.names, prompt, parse))
        if lost := [label for label, text in self.summaries.items() if not text]:
            print(
                f"{self.task.name}: no summary came of {', '.join(lost)}: its description stands "
                "in its place"
            )


def _listed(texts: Sequence[str]) -> str:
    """Texts below each other, with a line between where one has lines of its own."""
    return ("\n\n" if any("\n" in text for text in texts) else "\n").join(texts)


def _spread(lines: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """So many of the lines in a random order, none again before all have come."""
    found: list[str] = []
    while len(found) < count:
        found += rng.sample(lines, len(lines))
    return found[:count]


def main() -> None:
    """Run the stage."""
    parser = asking.parser(__doc__, Settings)
    parser.add_argument("--task", type=Path, required=True)
    parser.add_argument("--seeds", type=Path, required=True)
    parser.add_argument("--english", type=Path, required=True)
    options = parser.parse_args()
    writing = Writing(
        load_task(options.task),
        options.language,
        load(options.instructions, TEMPLATES),
        list(files.read_jsonl(options.seeds)),
        list(files.read_jsonl(options.english)),
        options.settings,
        Teacher.of(options),
    )
    if bare := writing.bare():
        print(
            f"{writing.task.name}: of {', '.join(bare)} there are no texts to show; other "
            "strategies, or descriptions alone, take the place of those that show some",
            file=sys.stderr,
        )
    asking.finish(options.output, writing.run())


if __name__ == "__main__":
    stage.run(main)
