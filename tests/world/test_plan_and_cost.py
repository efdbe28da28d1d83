"""A plan after a rehearsal says what a run then costs: calls and tokens of each stage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from limbeck.costs.plan import Estimate, estimate
from limbeck.costs.pretend import size
from limbeck.costs.replay import Replay, journal_of
from limbeck.costs.tally import Tally, tally
from limbeck.files import write_json, write_jsonl
from limbeck.generation.asking import Teacher
from limbeck.sources.conversations import messages
from limbeck.workflow.build import Build
from limbeck.workflow.options import build_of
from project import ROOT
from world import rows, texts
from world.start import teaching
from world.teacher import Manners

CODE = "kin_Latn"
WORK = Path("work")
COUNTS = Path(__file__).with_name("counts-plan.yaml")
# Says nothing twice, and all that it is asked for: so many calls as there are questions.
OBEDIENT = Manners(
    forgets=0.0, refuses=0.0, breaks_off=0.0, repeats=0.0, slips=0.0, original=True
)  # fmt: skip
PICKED = {"examples-topic"}  # asked again for what its checks take away


class Stages(Replay):
    """The stages of a language in one process, with a teacher who is asked.

    Attributes:
        questions: that each step asks at most, as a rehearsal does.
    """

    questions: int | None = None

    def _teacher(self, stage: str, role: Any) -> Any:
        settings = self.build.teacher_settings(role, self.code)
        asked = settings.model_copy(update={"questions": self.questions})
        journal = journal_of(WORK, self.code, stage)
        return Teacher(asked, self.settings.connection(role), journal)


def run(build: Build, questions: int | None) -> dict[str, Tally]:
    """What the journals hold after all stages have asked."""
    [language] = build.languages
    stages = Stages(build, language, WORK, {language.code: size(language.script)}, {})
    stages.questions = questions
    stages.run()
    return {path.stem: tally(path) for path in (WORK / "journal").rglob("*.jsonl")}


def plan(build: Build) -> dict[str, Estimate]:
    return {one.stage: one for one in estimate(build, WORK)[0]}


@pytest.fixture(params=[OBEDIENT, Manners()], ids=["obedient", "as models are"])
def build(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Build]:
    """The preset `full` with a teacher, in a folder where corpora and benchmarks are prepared."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").symlink_to(ROOT / "config")
    monkeypatch.setenv("OPENROUTER_API_KEY", "of-the-tests")
    folder = tmp_path / "results" / CODE
    english = [row for row in rows.infinity_instruct("eng_Latn", "train")
               if row["langdetect"] == "en"]  # fmt: skip
    talks = [{"id": str(row["id"]), "messages": messages(row)} for row in english]
    write_jsonl(tmp_path / "resources/conversations.jsonl", talks)
    write_jsonl(folder / "texts.jsonl", rows.fineweb2(CODE, "train"))
    for split, name in (("devtest", "test"), ("dev", "shots")):
        pairs = zip(texts.flores("eng_Latn", split), texts.flores(CODE, split), strict=True)
        lines = [{"id": n, "text_eng": one, "text": other, "split": split}
                 for n, (one, other) in enumerate(pairs)]  # fmt: skip
        topics = [{**row, "split": "test"} for row in texts.topics(CODE, "test")]
        write_jsonl(folder / f"benchmarks/flores_from_english/{name}.jsonl", lines)
        write_jsonl(folder / f"benchmarks/flores_into_english/{name}.jsonl", lines)
        write_jsonl(folder / f"benchmarks/sib200/{name}.jsonl", topics)
    labelled = [{"id": str(n), "text": row["text"], "label": row["category"]}
                for n, row in enumerate(texts.topics(CODE, "test"))]  # fmt: skip
    write_jsonl(folder / "classification/topic/test.jsonl", labelled)
    write_jsonl(folder / "classification/topic/seeds.jsonl", labelled[:20])
    with teaching(request.param) as teacher:
        write_json(Path("address.json"), {"teacher": {"generator": {"url": teacher.url}}})
        files = ["config/presets/full.yaml", "address.json", COUNTS]
        yield build_of([Path(file) for file in files], ["languages=[Kinyarwanda]"])


def test_a_plan_says_what_a_run_costs(build: Build, request: pytest.FixtureRequest) -> None:
    rehearsed = run(build, 48)
    planned = plan(build)
    costs = run(build, None)
    done = plan(build)
    exact = "obedient" in request.node.callspec.id
    for name, cost in costs.items():
        before, now, after = rehearsed[name], planned[name], done[name]
        assert (after.calls, after.prompt_tokens) == (after.journaled, 0), name
        # Of the run itself: a rehearsal also asks of some rows that are other ones in the whole.
        # A plan does not know which of the prompts to come are like others, and left out.
        near = 0 if exact and name not in PICKED else max(5, 0.1 * after.calls)
        assert now.calls == pytest.approx(after.calls, abs=near), name
        expected = before.prompt_tokens + before.completion_tokens
        expected += now.prompt_tokens + now.completion_tokens
        assert expected == pytest.approx(cost.prompt_tokens + cost.completion_tokens, rel=0.1), name
    assert sorted(costs) == sorted(planned)
