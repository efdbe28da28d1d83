"""Have a teacher do a little of each kind of its work, and measure what comes.

It writes prompts about the config's topics, answers them, translates English conversations and
translates them back. Every reply is journaled, so that only what is new is asked and paid for.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from limbeck import files
from limbeck.assessment import measures
from limbeck.config import Config, Role, Teacher
from limbeck.dataset import diversity
from limbeck.dataset.diversity import Diversity
from limbeck.files import Row
from limbeck.generation import asking, check_rows, respond, topics, translate
from limbeck.generation.instructions import Instructions, load
from limbeck.generation.tree import Node, Step, parse_prompts, prompt
from limbeck.languages import Language
from limbeck.sources import conversations
from limbeck.teacher import budget
from limbeck.teacher.client import Reply, Request
from limbeck.workflow.settings import decisive

ROLES: tuple[Role, ...] = ("generator", "translator", "reviser", "judge")
TRANSLATED = 4  # one conversation is translated for so many prompts

Item = TypeVar("Item")


@dataclass(slots=True)
class Assessment:
    """What was measured of a teacher in a language. Shares are 0 to 1, None without anything."""

    language: str
    model: str
    roles: list[str]
    calls: int = 0
    failures: dict[str, int] = field(default_factory=dict)  # by kind, of the calls
    rows: int = 0  # prompts with an answer
    in_language: float | None = None  # of their texts, where it can be told
    distinct: float | None = None
    self_similarity: float | None = None
    prompts: Diversity | None = None  # how different they are
    round_trip: float | None = None  # chrF++, 0 to 100
    usable: int = 0  # of the rows
    prompt_tokens: int = 0  # of all calls
    completion_tokens: int = 0
    dollars: float | None = None  # None: no price is known
    dollars_per_row: float | None = None  # of prompts and answers, for a usable one


def candidates(settings: Config, models: Sequence[str]) -> list[tuple[Teacher, list[str]]]:
    """The different teachers of the config with their roles, or other models in their place."""
    if models:
        here = settings.teacher.generator
        return [(here.model_copy(update={"model": m, "revision": None}), []) for m in models]
    found: dict[tuple[object, ...], tuple[Teacher, list[str]]] = {}
    for role in ROLES:
        teacher = settings.teacher.role(role)
        if teacher.only_translates:  # it has nothing to be asked but its translations
            continue
        key = (teacher.model, teacher.revision, teacher.server, teacher.url)
        found.setdefault(key, (teacher, []))[1].append(role)
    return list(found.values())


@dataclass
class Work:
    """A teacher at work on one language."""

    settings: Config
    teacher: asking.Teacher
    card: Row
    replies: list[Reply] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    def ask(
        self,
        items: Sequence[Item],
        request: Callable[[Item], Request],
        parse: Callable[[Item, Reply], list[Row]],
    ) -> list[Row]:
        """The rows that come; what comes and what fails is counted."""

        def noted(item: Item, reply: Reply) -> list[Row]:
            self.replies.append(reply)
            return parse(item, reply)

        rows = self.teacher.ask(items, request, noted)
        self.failures.update(row["failure"] for row in rows if row["failure"])
        return [row for row in rows if not row["failure"]]

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens of all calls until now, in and out."""
        given = sum(reply.prompt_tokens for reply in self.replies)
        return given, sum(reply.completion_tokens for reply in self.replies)

    @property
    def dollars(self) -> float | None:
        """What the calls cost until now; None where no price is known."""
        connection = self.teacher.connection
        return None if connection.price is None else budget.price(connection, *self.tokens)

    def told(self, name: str, templates: Mapping[str, Collection[str]]) -> Instructions:
        """What the stages tell their teacher."""
        return load(Path(self.settings.instructions(name)), templates)

    def prompts(self, count: int) -> list[Row]:
        """Prompts about the seeds of the config's topics."""
        section = self.settings.generation.topics
        seeds = [*section.general_seeds, *topics.seeds(section, self.card["name"])]
        nodes = [Node("seed", seed) for seed in seeds]
        step = Step("prompts", "TopicPrompts", "topic", -(-count // len(nodes)))
        told = self.told("topics", topics.TEMPLATES)
        model = self.teacher.settings.name
        return self.ask(
            nodes,
            lambda node: prompt(node, step, self.card, told),
            lambda node, reply: parse_prompts(node, reply, step, "topic", model),
        )[:count]

    def answers(self, prompts: Sequence[Row]) -> list[Row]:
        """The prompts, answered as in the stage."""
        wanted, seed = self.settings.generation.responses, self.settings.seed
        told = self.told("respond", respond.TEMPLATES)
        return self.ask(
            [respond.deal(row, wanted.lengths, seed) for row in prompts],
            lambda row: respond.prompt(row, self.card, told, wanted.traces),
            respond.parse,
        )

    def round_trip(self, count: int) -> float | None:
        """chrF++ of English conversations that went into the language and back."""
        section = self.settings.conversations.model_copy(update={"limit": count})
        into = self.told("translate", translate.TEMPLATES)
        back = self.told("checks", check_rows.TEMPLATES)
        model = self.teacher.settings.name
        translated = self.ask(
            conversations.collect(section, self.settings.seed),
            lambda row: translate.prompt(row, self.card, into),
            lambda row, reply: translate.parse(row, reply, model),
        )
        returned = self.ask(
            translated, lambda row: check_rows.back_prompt(row, self.card, back), came_back
        )
        if not returned:
            return None
        sides = ([turn for row in returned for turn in row[side]] for side in ("original", "back"))
        return check_rows.round_trip(*sides)


def came_back(row: Row, reply: Reply) -> list[Row]:
    """The row of a translation with its way back."""
    turns, failure = translate.translated(row["messages"], reply)
    return [{**row, "back": turns, "failure": failure}]


def assess(
    settings: Config, language: Language, teacher: Teacher, roles: list[str], count: int
) -> Assessment:
    """Measure a teacher.

    Args:
        settings: the config.
        language: to measure it in.
        teacher: what is measured.
        roles: its roles in the config, which the table names.
        count: prompts that it writes and answers.
    """
    connection, card = settings.reach(teacher), language.card()
    name = files.digest(teacher.model, teacher.revision, teacher.server, teacher.url)
    journal = Path("work/journal/assess") / language.code / f"{name}.jsonl"
    work = Work(settings, asking.Teacher(decisive(teacher, language), connection, journal), card)
    rows = work.answers(work.prompts(count))
    dollars = work.dollars
    score = work.round_trip(max(1, count // TRANSLATED))

    texts = [text for row in rows for text in (row["prompt"], row["response"])]
    in_language = measures.language_test(card, settings.filters)
    told = [found for text in texts if (found := in_language(text)) is not None]
    whole = [f"{row['prompt']}\n{row['response']}" for row in rows]
    kept = len(measures.usable(rows, in_language))
    return Assessment(
        language=language.code,
        model=teacher.model,
        roles=roles,
        calls=len(work.replies),
        failures=dict(work.failures.most_common()),
        rows=len(rows),
        in_language=sum(told) / len(told) if told else None,
        distinct=diversity.distinct(whole),
        self_similarity=measures.self_similarity(whole),
        prompts=diversity.measured([row["prompt"] for row in rows]),
        round_trip=score,
        usable=kept,
        prompt_tokens=work.tokens[0],
        completion_tokens=work.tokens[1],
        dollars=work.dollars,
        dollars_per_row=None if dollars is None or not kept else dollars / kept,
    )
