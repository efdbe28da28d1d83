"""`limbeck plan`, `limbeck teacher journal` and the costs of a language."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from endpoint import completion, connection, echo, serving, teacher
from limbeck import config
from limbeck.costs import commands
from limbeck.costs.plan import stages, summary
from limbeck.costs.sum_costs import costs
from limbeck.errors import UserError
from limbeck.languages import resolve
from limbeck.teacher.budget import path
from limbeck.teacher.client import Request, ask
from limbeck.teacher.journal import Journal
from limbeck.workflow.build import Build
from limbeck.workflow.options import build_of

ROOT = Path(__file__).parents[3]
PRICE = config.Price(input=1.0, output=10.0)
KAKUGO = ["--configfile", "config/presets/kakugo.yaml", "--config", "languages=[Kinyarwanda]"]


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    commands.add_to(parser.add_subparsers())
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code


def questions(count: int) -> list[Request]:
    return [Request([{"role": "user", "content": f"question {n}"}]) for n in range(count)]


def asked(url: str, journal: Path, work: Path, count: int = 10, **changes: Any) -> None:
    ask(questions(count), teacher(**changes), connection(url, price=PRICE), journal, work)


# Plan


def test_the_plan_of_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kakugo: about 75,000 calls and under $50 a language (arXiv 2601.14051)."""
    monkeypatch.chdir(ROOT)
    preset = Path("config/presets/kakugo.yaml")
    build = build_of([preset], ["languages=[Kinyarwanda]"])
    calls = {stage.name: stage.calls for stage in stages(build.config)}
    written = [calls[name] for name in list(calls)[:6]]
    # 16 seeds, 20 macro-topics each, 10 topics each; 60 broad scenarios, 30 detailed each.
    assert written == [
        16 + 320 + 3536,
        2 + 60 + 1860,
        10_000,
        14_954,
        3536 * 3 + 1860 * 5 + 10_000,
        15_000,
    ]
    assert 74_000 < sum(written) < 77_000
    found = summary(build, Path("nowhere"))
    uncovered = {"score-global_mmlu"}  # has no Kinyarwanda
    calls = {name: count for name, count in calls.items() if name not in uncovered}
    assert 20 < found["total"]["dollars"] < 60
    assert found["total"]["calls"] == sum(calls.values())


def test_the_plan_is_right_about_the_calls_of_a_stage(tmp_path: Path) -> None:
    """Counted on a real run of the stage with the built-in teacher's forms."""
    from limbeck.generation import scenarios, topics
    from limbeck.generation.asking import Teacher
    from limbeck.generation.instructions import load

    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    settings = config.load(values)
    card = {"code": "swh_Latn", "name": "Swahili", "endonym": "Kiswahili", "script": "Latn"}

    def listed(body: Any, before: int) -> Any:
        schema = body["response_format"]["json_schema"]["schema"]
        count = schema["properties"]["items"]["minItems"]
        mark = len(json.dumps(body)) + hash(json.dumps(body)) % 10**9
        return completion(json.dumps({"items": [f"item {mark} {n}" for n in range(count)]}))

    planned = {stage.name: stage.calls for stage in stages(settings)}
    sections = (
        (topics, "topics", settings.generation.topics),
        (scenarios, "scenarios", settings.generation.scenarios),
    )
    for module, name, section in sections:
        with serving(listed) as endpoint:
            asking = Teacher(teacher(), connection(endpoint.url), tmp_path / name)
            instructions = load(ROOT / f"config/prompts/{name}.yaml", module.TEMPLATES)
            module.write(section, asking, card, instructions)
            assert endpoint.requests == planned[f"write_{name}"]


@pytest.mark.parametrize(
    ("checks", "pairs", "planned"),
    [
        ((0.0, 0.0), 0, {}),
        ((0.0, 0.0), 5, {"translate_templates": 1}),
        ((0.5, 0.0), 0, {"judge_responses": 108}),
        ((0.0, 0.1), 0, {"translate_back": 600}),
        ((1.0, 1.0), 5, {"translate_templates": 1, "judge_responses": 216, "translate_back": 6000}),
    ],
)
def test_what_is_off_is_not_planned(
    checks: tuple[float, float], pairs: int, planned: dict[str, int]
) -> None:
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    values["generation"]["checks"] = dict(zip(("judge", "round_trip"), checks, strict=True))
    values["students"]["tiny"]["mixture"]["pairs"] = pairs
    found = {stage.name: stage.calls for stage in stages(config.load(values))}
    names = ("translate_templates", "judge_responses", "translate_back")
    assert {name: found[name] for name in names if name in found} == planned


def test_the_plan_measures_where_it_can(tmp_path: Path) -> None:
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    values["teacher"]["generator"] |= {"model": "teacher", "server": None, "url": "http://x/v1"}
    for name in ("flores", "sib200", "belebele", "global_mmlu"):
        values["benchmarks"]["sources"][name] = "somewhere"
    values["prices"] = {"teacher": {"input": 1.0, "output": 10.0}}
    values["budget"] = 2.0
    settings = config.load(values)
    with serving(lambda body, before: completion("a b c d")) as endpoint:
        asked(endpoint.url, tmp_path / "journal/swh_Latn/write_topics.jsonl", tmp_path)
        asked(endpoint.url, tmp_path / "journal/swh_Latn/x.jsonl", tmp_path, model="other")
    build = Build(settings, [resolve("Swahili"), resolve("Yoruba")])
    found = summary(build, tmp_path)
    topics, scenarios = found["stages"][:2]
    assert (topics["measured"], scenarios["measured"]) == (True, False)
    assert (topics["calls"], topics["journaled"]) == (2 * 96, 10)
    assert topics["prompt_tokens"] == (2 * 96 - 10) * 10
    assert topics["completion_tokens"] == (2 * 96 - 10) * 4
    assert topics["dollars"] == pytest.approx((2 * 96 - 10) * 50e-6)
    assert found["spent"] == pytest.approx(20 * 50e-6)
    assert found["budget"] == 2.0


def test_the_plan_knows_classification_and_benchmarks_of_ones_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    values["benchmarks"]["run"] = ["global_mmlu_lite", "mine"]
    values["benchmarks"]["sources"]["global_mmlu_lite"] = "somewhere"
    values["benchmarks"]["custom"] = {
        "mine": {"kind": "multiple_choice", "test": "x.tsv", "question": "q", "answer": "a",
                 "options": ["b", "c"]}
    }  # fmt: skip
    build = Build(config.load(values), [resolve("Swahili"), resolve("Faroese")])
    found = {one["stage"]: one["calls"] for one in summary(build, Path("nowhere"))["stages"]}
    assert found["score-global_mmlu_lite"] == 100  # the limit; Swahili alone is in it
    assert found["score-mine"] == 200
    # Two labels of 200 texts, 10 a request, each text checked; 140 texts classified twice.
    assert found["examples-sentiment"] == 2 * (2 * 20 + 2 * 200)
    assert found["classify-topic"] == 2 * 2 * 140


def test_a_plan_without_a_price_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    assert run("plan", *KAKUGO, "teacher={generator: {model: other}}", "--work", str(tmp_path)) == 0
    printed = capsys.readouterr().out
    assert "no price" in printed
    assert "not known, since a model has no price" in printed
    assert run("plan", *KAKUGO, "budget=20", "--work", str(tmp_path)) == 0
    assert "more than the budget of $20.00, where it will stop" in capsys.readouterr().out
    assert run("plan", "--json") == 0
    assert json.loads(capsys.readouterr().out)["languages"] == ["swh_Latn"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--configfile", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (["--config", "languages"], "KEY=VALUE is wanted"),
        (["--configfile", "Makefile"], "Makefile: not YAML"),
        (["--configfile", "README.md"], "README.md: "),
    ],
)
def test_mistakes_of_a_plan_get_one_line(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match=message) as caught:
        run("plan", *arguments)
    assert "\n" not in str(caught.value)


# Journals


def test_journals_are_shown_and_compacted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "journal/swh_Latn/write_topics.jsonl"

    def answer(body: Any, before: int) -> Any:
        return completion("half", "length") if before else echo(body, before)

    with serving(answer) as endpoint:
        asked(endpoint.url, journal, tmp_path)
        whole = journal.read_bytes()
        first = whole.splitlines(keepends=True)[0]
        # A line that was overtaken, one that a bad disk has spoilt, one that a kill has torn.
        journal.write_bytes(first + whole + b'{"key":"0123456789abcdef","mod\n' + b'{"key":"')
        assert run("teacher", "journal", "--work", str(tmp_path), "--json") == 0
        [row] = json.loads(capsys.readouterr().out)
        assert (row["replies"], row["repeated"], row["damaged"]) == (11, 1, 1)
        assert row["dollars"] == pytest.approx(10 * (10 + 10 * 5) * 1e-6)

        assert run("teacher", "journal", "--work", str(tmp_path), "--compact") == 0
        assert "bytes freed" in capsys.readouterr().out
        assert sorted(journal.read_bytes().splitlines()) == sorted(whole.splitlines())
        asked(endpoint.url, journal, tmp_path)
        assert endpoint.requests == 10
        asked(endpoint.url, journal, tmp_path, temperature=0.5, count=1)
    assert run("teacher", "journal", str(journal), "--work", str(tmp_path)) == 0
    assert "11" in capsys.readouterr().out


def test_a_line_of_a_journal_is_dropped_by_its_key(tmp_path: Path) -> None:
    journal = tmp_path / "journal/j.jsonl"
    with serving() as endpoint:
        asked(endpoint.url, journal, tmp_path)
        lines = journal.read_bytes().splitlines()
        dropped = [json.loads(lines[3])["key"], "0" * 16]
        with pytest.raises(UserError, match="with --compact"):
            run("teacher", "journal", "--work", str(tmp_path), "--drop", *dropped)
        assert (
            run("teacher", "journal", "--work", str(tmp_path), "--compact", "--drop", *dropped) == 0
        )
        assert journal.read_bytes().splitlines() == [*lines[:3], *lines[4:]]
        asked(endpoint.url, journal, tmp_path)
    assert endpoint.requests == 11


def test_failures_are_counted_by_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replies = {
        "question 0": completion("half", "length"),
        "question 1": completion("", "content_filter"),
        "question 2": completion(None, reasoning="thought for too long"),
    }
    with serving(lambda body, _: replies.get(body["messages"][0]["content"], echo(body, 0))) as e:
        asked(e.url, tmp_path / "journal/j.jsonl", tmp_path)
    assert run("teacher", "journal", "--work", str(tmp_path)) == 0
    printed = capsys.readouterr().out
    for kind in ("1 length", "1 content_filter", "1 empty"):
        assert kind in printed


def test_a_journal_in_use_is_shown_but_not_compacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limbeck.teacher.journal.PATIENCE", 0.0)
    path = tmp_path / "j.jsonl"
    with Journal(path):
        assert run("teacher", "journal", str(path), "--work", str(tmp_path)) == 0
        with pytest.raises(UserError, match="one process at a time"):
            run("teacher", "journal", str(path), "--work", str(tmp_path), "--compact")
    with pytest.raises(UserError, match="no such journal"):
        run("teacher", "journal", str(tmp_path / "other"))


# Costs


def test_the_costs_of_a_language(tmp_path: Path) -> None:
    folder = tmp_path / "journal/swh_Latn"
    with serving(lambda body, before: completion("a b c d")) as endpoint:
        asked(endpoint.url, folder / "write_topics.jsonl", tmp_path)
        ask(questions(3), teacher(), connection(endpoint.url), folder / "free.jsonl", tmp_path)
        asked(endpoint.url, tmp_path / "journal/yor_Latn/write_topics.jsonl", tmp_path)
    output = tmp_path / "cost.json"
    command = [sys.executable, "-m", "limbeck.costs.sum_costs", "--journals", str(folder)]
    command += ["--ledger", str(path(tmp_path)), "--output", str(output)]
    subprocess.run(command, check=True)
    found = json.loads(output.read_text())
    assert found == costs(folder, path(tmp_path))
    assert found["stages"]["write_topics"] == {
        "replies": 10,
        "prompt_tokens": 100,
        "completion_tokens": 40,
        "dollars": 0.0005,
        "uncertain_dollars": 0.0,
    }
    assert found["stages"]["free"]["dollars"] is None
    assert found["total"]["replies"] == 13
    assert found["total"]["dollars"] == 0.0005
