"""A list that prompts grow from is asked for until it comes; one that never does is weighed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import endpoint
from limbeck import config, files
from limbeck.dataset.funnel import Step, check_losses, failed, run
from limbeck.errors import UserError
from limbeck.generation import beside, scenarios
from limbeck.generation.asking import Teacher
from limbeck.generation.beside import Beside
from limbeck.generation.instructions import load
from limbeck.languages import resolve

PROMPTS = Path(__file__).parents[3] / "config" / "prompts"
SCENARIOS = config.Scenarios(general=2, local=2, detailed=4, prompts=2, pivot=None)


def write(folder: Path, said: Callable[[str, int, list[str]], str]) -> list[dict[str, Any]]:
    """The rows of scenarios whose lists ``said`` decides: (form, which try, a whole list)."""
    tries: dict[str, int] = {}

    def answer(body: dict[str, Any], before: int) -> Any:
        form = body["response_format"]["json_schema"]
        content = json.dumps(body["messages"])
        count = form["schema"]["properties"]["items"]["minItems"]
        whole = [f"{files.digest(content, n)}" for n in range(count)]
        try_ = tries[content] = tries.get(content, -1) + 1
        return endpoint.completion(said(form["name"], try_, whole), reasoning="Many come to mind.")

    told = load(PROMPTS / "scenarios.yaml", scenarios.TEMPLATES)
    lists = config.Lists(tries=3, short=0.25)
    with endpoint.serving(answer) as served:
        teacher = Teacher(
            endpoint.teacher(), endpoint.connection(served.url), folder / "journal.jsonl"
        )
        beside_told = load(PROMPTS / "beside.yaml", beside.TEMPLATES)
        off = config.Diversity(personas=0, shown=0, overlap=None)
        nobody = Beside(beside_told, None, off)
        shared = scenarios.general(SCENARIOS, lists, teacher, told, nobody)
        assert not any("Hausa" in asked for asked in tries)
        card = dict(resolve("Hausa").card())
        shown = Beside(beside_told, card, off)
        return scenarios.write(shared, SCENARIOS, lists, teacher, card, told, shown)


def listed(items: list[str]) -> str:
    return json.dumps({"items": items})


@pytest.mark.parametrize("first", ["", "I cannot.", listed(["one"])], ids=["empty", "no", "short"])
def test_a_list_is_asked_for_until_it_comes(tmp_path: Path, first: str) -> None:
    def said(form: str, try_: int, whole: list[str]) -> str:
        lists = form in ("Scenarios", "DetailedScenarios")
        return first if lists and try_ == 0 else listed(whole)

    rows = write(tmp_path, said)
    assert [row["failure"] for row in rows] == [None] * 2 * 2 * (1 + 4) * 2


def test_a_short_list_stands_within_the_share(tmp_path: Path) -> None:
    def said(form: str, try_: int, whole: list[str]) -> str:
        return listed(whole[:3] if form == "DetailedScenarios" else whole)

    rows = write(tmp_path, said)
    assert len(rows) == 4 * (1 + 3) * 2
    assert not any(row["failure"] for row in rows)


def test_a_lost_subtree_is_weighed(tmp_path: Path) -> None:
    """The list of one audience never comes: half of all prompts are lost with it."""
    audiences: list[str] = []

    def said(form: str, try_: int, whole: list[str]) -> str:
        if form == "Scenarios":
            audiences.extend(whole[:1])
            return "" if whole[0] == audiences[0] else listed(whole)
        return listed(whole)

    rows = write(tmp_path, said)
    [lost] = [row for row in rows if row["failure"]]
    assert (lost["failure"], lost["lost"]) == ("empty", 2 * (1 + 4) * 2)
    assert len(rows) == 1 + 20
    step = Step("failed", failed, bounded=True)
    kept = list(run(({**row, "stands_for": row["lost"] or 1} for row in rows), [step]))
    assert (step.came, step.left, len(kept)) == (40, 20, 20)
    with pytest.raises(UserError, match=r"removed 20 of 40 rows \(50%"):
        check_losses([step], 0.4)
