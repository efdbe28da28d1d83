"""A teacher with habits, as language models have them, and what becomes of them.

What it says is drawn by Zipf's law from few favourites: subjects, patterns, openings. Half of a
list is of what it is asked about, the other half what it always says. What it is shown as there
already it mostly leaves alone. A person whom it is shown has a say, every second time, in how a
message begins and why. Answers are as much like each other as the messages are. All follows from
the request. Its language is no language.
"""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import endpoint
from limbeck import config
from limbeck.dataset.diversity import Diversity, measured
from limbeck.dataset.filters.duplicates import NearDuplicates
from limbeck.files import Row, digest
from limbeck.generation import beside, personas, respond, revise, scenarios, topics
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import load
from limbeck.languages import resolve
from limbeck.teacher import budget
from limbeck.teacher.client import Reply

ROOT = Path(__file__).resolve().parents[1]
PROMPTS = ROOT / "config/prompts"
CARD = resolve("Swahili").card()
PRICE = config.Price(input=0.15, output=0.60)
SAMPLE = 300  # prompts whose diversity is measured
NEAR = 0.65  # of a row to an earlier one, as a real run's filter has it

OFF = config.Diversity(personas=0, shown=0, overlap=None)
ON = config.Diversity(personas=100, shown=40, overlap=0.65)

HABIT = 0.5  # of what it lists, the share that has little to do with what was asked about
HEEDS = 0.5  # how often a person whom it is shown has a say
OBEYS = 0.9  # of what it would bring again though it is shown
THOUGHT = "hmm " * 150


def words(key: object, count: int) -> list[str]:
    """Different made-up words."""
    drawn = random.Random(digest(key))
    letters = ("bcdfghjklmnprstvwyz", "aeiou")
    found: dict[str, None] = {}
    while len(found) < count:
        syllables = range(drawn.randint(2, 4))
        found["".join(drawn.choice(one) for _ in syllables for one in letters)] = None
    return list(found)


SUBJECTS, WAYS = words("subjects", 24), words("ways", 6)
PATTERNS = ("{} {}", "{1} {0}", "{0} na {1}", "{1}: {0}")
OPENINGS = [" ".join(words(f"opening {number}", 4)) for number in range(5)]
ASKS = [" ".join(words(f"ask {number}", 4)) for number in range(4)]


def zipf(options: Sequence[str], chance: random.Random) -> str:
    """One of some options: the first twice as often as the second, and so on."""
    return chance.choices(options, [1 / rank for rank in range(1, len(options) + 1)])[0]


def lines(message: str, tag: str) -> list[str]:
    """What stands between tags, by line."""
    found = re.search(rf"<{tag}>(.*?)</{tag}>", message, re.DOTALL)
    return found[1].splitlines() if found else []


def item(about: str, chance: random.Random) -> str:
    """A thing of a list."""
    own = words(about, 12)
    subject = zipf(SUBJECTS if chance.random() < HABIT else own, chance)
    return zipf(PATTERNS, chance).format(subject, zipf(WAYS, chance))


def listed(message: str, about: str, count: int, chance: random.Random) -> list[str]:
    """A list that has nothing twice, and little of what is there already."""
    there = set(lines(message, "earlier"))
    found: dict[str, None] = {}
    while len(found) < count:
        one = item(about, chance)
        if one not in there or chance.random() > OBEYS:
            found[one] = None
    return list(found)


def messages(message: str, about: str, count: int, chance: random.Random) -> list[str]:
    """What people would write about a thing."""
    people = lines(message, "people")
    found: dict[str, None] = {}
    while len(found) < count:
        opening, why = zipf(OPENINGS, chance), ""
        if people and chance.random() < HEEDS:
            own = words(people[len(found) % len(people)], 12)
            opening = opening if chance.random() < HABIT else " ".join(chance.sample(own, 3))
            why = f", {' '.join(chance.sample(own, 3))}"
        found[f"{opening} {about}{why}. {zipf(ASKS, chance)}?"] = None
    return list(found)


def answer(body: endpoint.Body, before: int) -> endpoint.Body:
    """See `endpoint.Answer`."""
    message = body["messages"][-1]["content"]
    chance = random.Random(digest(body["messages"], body.get("seed")))
    if "response_format" not in body:
        said = [word for part in message.split() for word in words(part, 4)]
        content = " ".join(word for word in said if chance.random() < 0.9)
    else:
        form = body["response_format"]["json_schema"]
        count = form["schema"]["properties"]["items"]["minItems"]
        tagged = (lines(message, tag) for tag in ("topic", "scenario", "macro_topic", "seed"))
        about = next((found[0] for found in tagged if found), form["name"])
        write = messages if form["name"].endswith("Prompts") else listed
        content = json.dumps({"items": write(message, about, count, chance)})
    made = endpoint.completion(content, reasoning=THOUGHT)
    given = sum(len(turn["content"]) for turn in body["messages"]) // 4
    made["usage"] = {
        "prompt_tokens": given, "completion_tokens": (len(content) + len(THOUGHT)) // 4
    }  # fmt: skip
    return made


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    calls: int
    dollars: float
    rows: int
    near_duplicates: int
    prompts: Diversity

    @property
    def repeated(self) -> float:
        """Near duplicates a dollar."""
        return self.near_duplicates / self.dollars

    @property
    def different(self) -> float:
        """Other rows a dollar."""
        return (self.rows - self.near_duplicates) / self.dollars


@dataclass(slots=True, frozen=True)
class Paid(Teacher):
    """A teacher whose replies are kept."""

    replies: list[Reply]

    def ask(self, items: Any, prompt: Any, parse: Any) -> Any:
        """See `Teacher.ask`."""

        def kept(item: Any, reply: Reply) -> Any:
            self.replies.append(reply)
            return parse(item, reply)

        return Teacher.ask(self, items, prompt, kept)


def run(diversity: config.Diversity, size: int, folder: Path, url: str) -> Outcome:
    """Prompts of topics and scenarios, answered, of a tree of a size."""
    every = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    generation = config.load(every).generation
    tree = generation.topics.model_copy(update={"macro_topics": size, "topics": size, "prompts": 3})
    people = generation.scenarios.model_copy(update={"detailed": size, "prompts": 3})
    connection = endpoint.connection(url, concurrency=64)
    teacher = Paid(endpoint.teacher(max_tokens=4096), connection, folder / "journal.jsonl", [])

    told = load(PROMPTS / "beside.yaml", beside.TEMPLATES)
    described = personas.write(diversity.personas, teacher, CARD, told)
    shown = [row["text"] for row in described if not row["failure"]]

    def asked(name: str, section: Any, stage: Any) -> list[Row]:
        own, lists = load(PROMPTS / f"{name}.yaml", stage.TEMPLATES), generation.lists
        general = beside.Beside(told, None, diversity)
        shared = stage.general(section, lists, teacher, own, general)
        whole = beside.Beside(told, CARD, diversity, shown)
        rows: list[Row] = stage.write(shared, section, lists, teacher, CARD, own, whole)
        return rows

    rows = asked("topics", tree, topics) + asked("scenarios", people, scenarios)
    rows = revise.different(rows, diversity.overlap)
    settings = respond.Settings(
        teacher=teacher.settings, seed=1, lengths=["natural"], traces="free", min_reasoning=0.0
    )
    instructions = load(PROMPTS / "respond.yaml", respond.TEMPLATES)
    answered = respond.answer(rows, settings, teacher, CARD, instructions)
    return outcome(answered, teacher.replies)


def outcome(rows: Sequence[Row], replies: Sequence[Reply]) -> Outcome:
    """What rows cost, and how many of them are near earlier ones."""
    index = NearDuplicates(NEAR)
    for row in rows:
        index.add([row["prompt"], row["response"]], [row["response"]])
    tokens = [(reply.prompt_tokens, reply.completion_tokens) for reply in replies]
    connection = endpoint.connection(None, price=PRICE)
    dollars = budget.price(connection, *map(sum, zip(*tokens, strict=True)))
    found = measured(sorted((row["prompt"] for row in rows), key=digest)[:SAMPLE])
    assert found is not None
    return Outcome(len(replies), dollars, len(rows), len(index.found()), found)
