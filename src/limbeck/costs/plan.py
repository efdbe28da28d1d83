"""What a run will ask of its teachers, and its students take: tokens, hours and dollars.

The stages themselves say what they ask (`limbeck.costs.replay`): what the journals hold is not
asked again. Tokens of a call are measured where the journals hold replies of that stage and kind,
in the language or in another one, and else assumed (`limbeck.costs.pretend`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck import config
from limbeck.costs import effort, pretend
from limbeck.costs.pretend import Asked, Memory
from limbeck.costs.replay import Replay
from limbeck.errors import UserError
from limbeck.languages import Language, resolve
from limbeck.teacher import batch, budget

if TYPE_CHECKING:
    from limbeck.workflow.build import Build

SURE = 1.96  # standard errors to each side of a 95% interval


@dataclass(slots=True)
class Estimate:
    """A stage over all languages of the run."""

    stage: str
    calls: int = 0
    journaled: int = 0  # calls that a journal answers already
    prompt_tokens: float = 0.0  # of the calls that are missing, as all that follows
    completion_tokens: float = 0.0
    error: float = 0.0  # half the 95% interval of the completion tokens, where they are measured
    hours: float = 0.0  # if no other stage asks at the same time
    dollars: float | None = 0.0  # None: no price is known
    measured: bool = False


def replays(build: "Build", work: Path) -> Iterator[Replay]:
    """The stages of each language of a run in ``work``."""
    memory: Memory = {}
    begun = [language for language in _begun(work) if language.code not in build.codes]
    languages = [*begun, *build.languages]
    sizes = {language.code: pretend.size(language.script) for language in languages}
    # What is known of one language tells of those that are not begun.
    order = sorted(build.languages, key=lambda one: not (work / "journal" / one.code).is_dir())
    subjects = None
    for language in order:
        replay = Replay(build, language, work, sizes, memory, subjects)
        replay.run()
        subjects = replay.subjects
        yield replay


def estimate(build: "Build", work: Path) -> tuple[list[Estimate], list[effort.Work]]:
    """What is missing of a run in ``work``, stage by stage, and what its students will take."""
    found: dict[str, Estimate] = {}
    students = [effort.Student(build, name) for name in build.config.students]
    for replay in replays(build, work):
        for stage, asked in replay.asked.items():
            connection = build.config.connection(replay.roles[stage])
            _add(found.setdefault(stage, Estimate(stage)), asked, connection)
        for student in students:
            student.add(replay)
    return list(found.values()), [work for student in students for work in student.works()]


def _begun(work: Path) -> list[Language]:
    """The languages that journals are of."""
    found = []
    for folder in sorted((work / "journal").glob("*_*")):
        try:
            found.append(resolve(folder.name))
        except UserError:
            continue
    return found


def _add(result: Estimate, asked: Asked, connection: config.Connection) -> None:
    """Count one language's questions into a stage's estimate."""
    missing = round(asked.requests + asked.second)
    if missing < batch.FEW:  # of a stage; that each of its steps has as many is assumed
        connection = connection.model_copy(update={"batch": None})
    result.calls += asked.journaled + missing
    result.journaled += asked.journaled
    result.prompt_tokens += asked.prompt_tokens
    result.completion_tokens += asked.completion_tokens
    result.error = math.hypot(result.error, SURE * math.sqrt(asked.variance))
    tokens = asked.prompt_tokens + asked.completion_tokens
    result.hours += _hours(connection, missing, tokens, asked.seconds)
    result.measured = result.measured or asked.measured or not missing
    known = result.dollars is not None and connection.price is not None
    result.dollars = (
        (result.dollars or 0.0)
        + budget.price(connection, asked.prompt_tokens, asked.completion_tokens)
        if known
        else None
    )


def _hours(connection: config.Connection, calls: int, tokens: float, seconds: float) -> float:
    """How long calls of so many seconds take; batches take up to a day, however many they are."""
    if connection.batch is not None:
        return 24.0 if calls else 0.0
    hours = seconds / connection.concurrency / 3600
    if connection.requests_per_minute:
        hours = max(hours, calls / connection.requests_per_minute / 60)
    if connection.tokens_per_minute:
        hours = max(hours, tokens / connection.tokens_per_minute / 60)
    return hours


def total(estimates: Sequence[Estimate]) -> Estimate:
    """The sum of all stages, as if one came after the other."""
    whole = Estimate("all", measured=all(one.measured for one in estimates))
    for name in ("calls", "journaled", "prompt_tokens", "completion_tokens", "hours"):
        setattr(whole, name, sum(getattr(one, name) for one in estimates))
    whole.error = math.hypot(*(one.error for one in estimates))
    known = [one.dollars for one in estimates]
    whole.dollars = None if None in known else sum(dollars or 0.0 for dollars in known)
    return whole


def summary(build: "Build", work: Path) -> dict[str, Any]:
    """The whole plan as JSON holds it, with the students, what is spent and the budget."""
    estimates, students = estimate(build, work)
    entries = budget.read(budget.path(work)).values()
    return {
        "languages": build.codes,
        "stages": [asdict(one) for one in estimates],
        "total": asdict(total(estimates)),
        "students": [asdict(one) for one in students],
        "spent": sum(entry.spent for entry in entries),
        "budget": build.config.budget,
    }
