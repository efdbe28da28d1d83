"""What a run will ask of its teachers: calls, tokens, hours and dollars of each stage.

Calls follow from the config. Tokens of a call are measured where a journal of the run's work folder
holds replies of that stage and model, and else assumed: figures for an English instruction and a
language that needs about 2.5 tokens a word. Scripts that a tokenizer knows badly need several times
that, so measure by a small run first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck import config
from limbeck.config import DATA_SETS, Config, Role
from limbeck.costs.tally import Tally, tally
from limbeck.languages import resolve
from limbeck.teacher import budget

if TYPE_CHECKING:
    from limbeck.workflow.build import Build

# Assumed tokens.
INSTRUCTION = 450  # what the teacher is told, with the form of the reply
REASONING = 400  # of each reply
ENGLISH_ITEM = 15  # a topic or scenario
PROMPT = 70
ANSWER = 600
WORD = 2.5  # of a word in the language
CONVERSATION = 500  # in English
TRANSLATED = 1.8  # times the English tokens
ITEM = {"flores": 80, "sib200": 90, "belebele": 350}  # of a benchmark
QUESTION = 200  # of the others
TEXT = 40  # of a text that is classified
# Assumed seconds of a call: until the first token, and of each token.
FIRST, EACH = 1.0, 1 / 60

# Items of the published test sets. Of a set of one's own the limit is taken.
TEST_ITEMS = {
    "flores": 1012,
    "sib200": 204,
    "belebele": 900,
    "global_mmlu": 14042,
    "global_mmlu_lite": 400,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that asks a teacher, for one language."""

    name: str
    role: Role
    calls: int
    given: float = 0.0  # tokens that a call puts in
    said: float = 0.0  # tokens that come out, reasoning included
    covers: str | None = None  # a benchmark or a task; asked in the languages that it covers


@dataclass(slots=True)
class Estimate:
    """A stage over all languages of the run."""

    stage: str
    calls: int = 0
    journaled: int = 0  # calls that a journal answers already
    prompt_tokens: float = 0.0  # of the calls that are missing, as all that follows
    completion_tokens: float = 0.0
    hours: float = 0.0  # if no other stage asks at the same time
    dollars: float | None = 0.0  # None: no price is known
    measured: bool = False


def stages(settings: Config, labels: Mapping[str, int] | None = None) -> list[Stage]:
    """The stages of one language, with the assumed tokens.

    Args:
        labels: how many each classification task has.
    """
    generation, texts = settings.generation, settings.texts
    trees = [_topics(generation.topics), _scenarios(generation.scenarios)]
    written = sum(prompts for _, prompts in trees)
    pivots = (generation.topics.pivot, generation.scenarios.pivot)
    pivoted = sum(prompts for (_, prompts), on in zip(trees, pivots, strict=True) if on)
    written += texts.limit * min(generation.contexts.keep, generation.contexts.prompts)
    text = WORD * min(texts.max_words, 300)
    contexts = generation.contexts.prompts * PROMPT + REASONING
    revised = round(generation.revision.share * written)
    translated = TRANSLATED * CONVERSATION
    return [
        *(stage for stage, _ in trees),
        Stage("write_contexts", "generator", texts.limit, INSTRUCTION + text, contexts),
        Stage("revise_prompts", "reviser", revised, INSTRUCTION + PROMPT, PROMPT + REASONING),
        Stage("answer_prompts", "generator", written, INSTRUCTION + PROMPT, ANSWER + REASONING),
        Stage(
            "translate_conversations",
            "translator",
            settings.conversations.limit,
            INSTRUCTION + CONVERSATION,
            translated + _thought(settings),
        ),
        *_optional(settings, written, pivoted),
        *_scores(settings),
        *(
            stage
            for task, count in (labels or {}).items()
            for stage in _classification(settings.classification, task, count)
        ),
    ]


def _thought(settings: Config) -> int:
    """Tokens of a translator's reasoning; one that is no chat model has none."""
    return 0 if settings.teacher.role("translator").only_translates else REASONING


def _optional(settings: Config, written: int, pivoted: int) -> list[Stage]:
    """The stages that the config may turn off, where it does not."""
    checks, translated = settings.generation.checks, TRANSLATED * CONVERSATION
    answered = INSTRUCTION + PROMPT + ANSWER
    learnt = settings.conversations.limit > 0 and any(
        student.mixture.asks_in_language for student in settings.students.values()
    )
    back = round(checks.round_trip * settings.conversations.limit)
    thought = _thought(settings)
    given, said = INSTRUCTION + translated, CONVERSATION + thought
    english, other = PROMPT + ANSWER, TRANSLATED * (PROMPT + ANSWER)
    found = [
        Stage("translate_answers", "translator", pivoted, INSTRUCTION + english, other + thought),
        Stage("translate_templates", "translator", int(learnt), INSTRUCTION, 2 * PROMPT),
        Stage("judge_responses", "judge", round(checks.judge * written), answered, REASONING),
        Stage("translate_back", "translator", back, given, said),
    ]
    return [stage for stage in found if stage.calls]


def _tree(name: str, lists: Sequence[tuple[int, int]], nodes: int, each: int) -> tuple[Stage, int]:
    """A stage that grows a tree; ``lists``: calls for lists, and the items of each."""
    calls = sum(count for count, _ in lists) + nodes
    listed = sum(count * items for count, items in lists) * ENGLISH_ITEM
    said = REASONING + (listed + nodes * each * PROMPT) / max(1, calls)
    return Stage(name, "generator", calls, INSTRUCTION, said), nodes * each


def _topics(topics: config.Topics) -> tuple[Stage, int]:
    seeds = len(topics.general_seeds) + len(topics.language_seeds)
    macro = seeds * topics.macro_topics
    lists = [(seeds, topics.macro_topics), (macro, topics.topics)]
    lists = [(calls, items) for calls, items in lists if items]
    nodes = seeds + macro + macro * topics.topics
    return _tree("write_topics", lists, nodes, topics.prompts)


def _scenarios(scenarios: config.Scenarios) -> tuple[Stage, int]:
    broad = scenarios.general + scenarios.local
    lists = [(1, scenarios.general), (1, scenarios.local), (broad, scenarios.detailed)]
    lists = [(calls, items) for calls, items in lists if items]
    nodes = broad * (1 + scenarios.detailed)
    return _tree("write_scenarios", lists, nodes, scenarios.prompts)


def _scores(settings: Config) -> Iterator[Stage]:
    """The scoring of the teacher, and of a translator that is no chat model."""
    section = settings.benchmarks
    for name in section.run:
        asked = _asked(section, name)
        yield Stage(f"score-{name}", "judge", *asked, section.max_tokens, name)
        if settings.teacher.role("translator").only_translates and section.translates(name):
            yield Stage(f"translator-{name}", "translator", *asked, section.max_tokens, name)


def _asked(benchmarks: config.Benchmarks, name: str) -> tuple[int, int]:
    """The items of a benchmark, and the tokens of one."""
    data_set = DATA_SETS.get(name, name)
    items = min(benchmarks.limit, TEST_ITEMS.get(data_set, benchmarks.limit))
    return items, ITEM.get(data_set, QUESTION) * (benchmarks.shots + 1)


def _classification(section: config.Classification, task: str, labels: int) -> list[Stage]:
    """The writing of examples, if none is refused, and two ways of classifying the test set."""
    wanted, each = section.examples.per_label, section.examples.per_request
    writing = labels * -(-wanted // each)
    summaries = labels if "summaries" in section.examples.strategies else 0
    checks = labels * wanted if section.examples.self_check else 0
    calls = writing + summaries + checks
    said = REASONING + writing * each * TEXT / max(1, calls)
    shown = section.seeds * labels * TEXT
    return [
        Stage(f"examples-{task}", "generator", calls, INSTRUCTION, said, task),
        Stage(
            f"classify-{task}", "judge", 2 * section.limit, INSTRUCTION / 4 + shown / 2, 10, task
        ),
    ]


def estimate(build: "Build", work: Path) -> list[Estimate]:
    """What is missing of a run in ``work``, stage by stage."""
    return [
        _estimate(build.config, stage, codes, work)
        for stage in stages(build.config, build.labels())
        if (codes := _codes(build, stage))
    ]


def _codes(build: "Build", stage: Stage) -> list[str]:
    """The languages in which a stage asks."""
    name = stage.covers
    return [
        code
        for code in build.codes
        if name is None or name in [*build.benchmarks(code), *build.tasks(code)]
    ]


def _estimate(settings: Config, stage: Stage, codes: Sequence[str], work: Path) -> Estimate:
    teacher = settings.teacher.role(stage.role)
    connection = settings.connection(stage.role)
    # Other languages of this folder tell more than an assumption.
    journals = sorted((work / "journal").glob(f"*/{stage.name}.jsonl"))
    tallies = {
        journal.parent.name: tally(journal, teacher.model_in(resolve(journal.parent.name).card()))
        for journal in journals
    }
    everywhere = Tally()
    for found in tallies.values():
        everywhere.add(found)
    result = Estimate(stage.name, dollars=None if connection.price is None else 0.0)
    for code in codes:
        own = tallies.get(code, Tally())
        seen = own if own.replies else everywhere
        given, said, seconds = _each(stage, seen)
        done = min(stage.calls, own.replies - own.repeated)
        missing = stage.calls - done
        result.calls += stage.calls
        result.journaled += done
        result.prompt_tokens += missing * given
        result.completion_tokens += missing * said
        result.hours += _hours(connection, missing, given + said, seconds)
        result.measured = result.measured or seen.replies > 0
    if connection.price is not None:
        tokens = (result.prompt_tokens, result.completion_tokens)
        result.dollars = budget.price(connection, *tokens)
    return result


def _each(stage: Stage, seen: Tally) -> tuple[float, float, float]:
    """Tokens in, tokens out and seconds of a call."""
    given, said = stage.given, stage.said
    if seen.replies:
        given, said = seen.prompt_tokens / seen.replies, seen.completion_tokens / seen.replies
    seconds = seen.seconds / seen.timed if seen.timed else FIRST + EACH * said
    return given, said, seconds


def _hours(connection: config.Connection, calls: int, tokens: float, seconds: float) -> float:
    """How long so many calls take; batches take up to a day, however many they are."""
    if connection.batch is not None:
        return 24.0 if calls else 0.0
    hours = calls * seconds / connection.concurrency / 3600
    if connection.requests_per_minute:
        hours = max(hours, calls / connection.requests_per_minute / 60)
    if connection.tokens_per_minute:
        hours = max(hours, calls * tokens / connection.tokens_per_minute / 60)
    return hours


def total(estimates: Sequence[Estimate]) -> Estimate:
    """The sum of all stages, as if one came after the other."""
    whole = Estimate("all", measured=all(one.measured for one in estimates))
    for name in ("calls", "journaled", "prompt_tokens", "completion_tokens", "hours"):
        setattr(whole, name, sum(getattr(one, name) for one in estimates))
    known = [one.dollars for one in estimates]
    whole.dollars = None if None in known else sum(dollars or 0.0 for dollars in known)
    return whole


def summary(build: "Build", work: Path) -> dict[str, Any]:
    """The whole plan as JSON holds it, with what is spent and the budget."""
    estimates = estimate(build, work)
    entries = budget.read(budget.path(work)).values()
    return {
        "languages": build.codes,
        "stages": [asdict(one) for one in estimates],
        "total": asdict(total(estimates)),
        "spent": sum(entry.spent for entry in entries),
        "budget": build.config.budget,
    }
