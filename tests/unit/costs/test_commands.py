"""`limbeck plan`: what it counts, what it measures, and what it says."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import configs
import real_texts
from endpoint import completion, connection, serving
from limbeck import config
from limbeck.costs import made, pretend
from limbeck.costs.plan import summary
from limbeck.costs.pretend import size
from limbeck.errors import UserError
from limbeck.files import digest, write_json, write_jsonl
from limbeck.generation import beside, instructions, scenarios
from limbeck.generation.asking import Teacher
from limbeck.languages import resolve
from limbeck.workflow.build import Build
from limbeck.workflow.options import build_of
from limbeck.workflow.settings import decisive

from .conftest import PRICE, elsewhere, run

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.usefixtures("repository")
KAKUGO = ["--configfile", "config/presets/kakugo.yaml", "--config", "languages=[Kinyarwanda]"]


def planned(build: Build, work: Path = Path("nowhere")) -> dict[str, int]:
    return {one["stage"]: one["calls"] for one in summary(build, work)["stages"]}


@configs.apertium("en-eo", "eo-en")
def test_a_translator_is_planned_like_a_teacher_that_does_not_reason(tmp_path: Path) -> None:
    own = tmp_path / "own.json"

    def stages(**changes: Any) -> dict[str, dict[str, Any]]:
        write_json(own, {"conversations": {"limit": 40}, **changes})
        build = build_of([Path("config/presets/laptop.yaml"), own], [])
        return {one["stage"]: one for one in summary(build, Path("nowhere"))["stages"]}

    chat = stages(teacher={"translator": {"server": None, "url": "http://127.0.0.1:9/v1"}})
    engine = stages()
    assert engine["translator-flores_into_english"]["calls"] == 100
    [translated, said] = (plan["translate_conversations"] for plan in (engine, chat))
    assert translated["calls"] == said["calls"] == 40
    reasoning = said["completion_tokens"] - translated["completion_tokens"]
    assert reasoning == pytest.approx(40 * pretend.REASONING)


def test_the_plan_of_the_paper() -> None:
    """Kakugo: about 75,000 calls and under $50 a language (arXiv 2601.14051)."""
    build = build_of([Path("config/presets/kakugo.yaml")], ["languages=[Kinyarwanda]"])
    found = summary(build, Path("nowhere"))
    calls = {one["stage"]: one["calls"] for one in found["stages"]}
    # 16 seeds, 20 macro-topics each, 10 topics each; 60 broad scenarios, 30 detailed each.
    # The general halves of both are listed once for all languages.
    assert [calls[name] for name in list(calls)[:7]] == [
        8 + 160 + 1 + 30,
        8 + 160 + 3536,
        1 + 30 + 1860,
        10_000,
        14_954,
        3536 * 3 + 1860 * 5 + 10_000,
        15_000,
    ]
    assert "score-global_mmlu" not in calls  # which has no Kinyarwanda
    assert 20 < found["total"]["dollars"] < 60
    assert found["total"]["calls"] == sum(calls.values())


@pytest.mark.parametrize(
    ("checks", "pairs", "expected"),
    [
        ((0.0, 0.0), 0, {}),
        ((0.0, 0.0), 5, {"translate_templates": 1}),
        ((0.5, 0.0), 0, {"judge_responses": 1428, "translate_back": 0}),
        ((0.0, 0.1), 0, {"judge_responses": 0, "translate_back": 6}),
        ((1.0, 1.0), 5, {"translate_templates": 1, "judge_responses": 2856, "translate_back": 60}),
    ],
)
def test_what_is_off_is_not_planned(
    checks: tuple[float, float],
    pairs: int,
    expected: dict[str, int],
) -> None:
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    values["generation"]["checks"] = dict(zip(("judge", "round_trip"), checks, strict=True))
    values["students"]["tiny"]["mixture"]["pairs"] = pairs
    values["classification"]["tasks"], values["benchmarks"]["run"] = [], []
    values["conversations"]["limit"] = 60
    found = planned(Build(config.load(values), [resolve("Swahili")]))
    names = ("translate_templates", "judge_responses", "translate_back")
    assert {name: found[name] for name in names if name in found} == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # 40 questions, of which 8 have two turns, and both orders of each pair.
        ({"against": ["base"]}, [40, None, 80]),
        ({"against": ["base", "teacher"]}, [40, 48, 160]),
        ({"against": ["base"], "questions": "open.{iso639_1}.yaml"}, [None, None, 4]),
        ({}, [None, None, None]),
    ],
)
def test_pairs_are_planned(
    repository: Path, changes: dict[str, Any], expected: list[int | None]
) -> None:
    (repository / "open.sw.yaml").write_text("talk: [Hujambo!, Karibu!]")
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    values["judgement"] |= changes
    found = planned(Build(config.load(values), [resolve("Swahili")]))
    stages = ("prepare_questions", "answer_questions", "judge_pairs")
    assert [found.get(stage) for stage in stages] == expected


def test_what_keeps_prompts_apart_is_planned() -> None:
    """People are asked for by twenties; what a plan makes up is not taken for overlap."""
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    values["classification"]["tasks"], values["benchmarks"]["run"] = [], []
    values["conversations"]["limit"] = 1
    swahili = [resolve("Swahili")]
    off = planned(Build(config.load(values), swahili))
    values["generation"]["diversity"] = {"personas": 50, "shown": 40, "overlap": 0.65}
    on = planned(Build(config.load(values), swahili))
    assert on == {"write_personas": 3, **off}


@pytest.mark.parametrize(("wanted", "source", "calls"), [(20, "builtin", 5), (90, "owner/x", 18)])
def test_sentences_of_people_are_planned_by_some(wanted: int, source: str, calls: int) -> None:
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    values["classification"]["tasks"], values["benchmarks"]["run"] = [], []
    values["conversations"]["limit"] = 1
    values["texts"]["source"] = source
    values["students"]["tiny"]["mixture"] |= {"backtranslations": wanted, "pairs": 0}
    found = planned(Build(config.load(values), [resolve("Swahili")]))
    assert found["backtranslate_sentences"] == calls
    assert found["translate_templates"] == 1


def test_answers_by_way_of_english_are_translated_in_the_plan() -> None:
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    values["classification"]["tasks"], values["benchmarks"]["run"] = [], []
    values["conversations"]["limit"] = 1
    swahili = [resolve("Swahili")]
    assert "translate_answers" not in planned(Build(config.load(values), swahili))
    values["generation"]["scenarios"]["pivot"] = "english"
    found = planned(Build(config.load(values), swahili))
    scenarios = values["generation"]["scenarios"]
    broad = scenarios["general"] + scenarios["local"]
    assert found["translate_answers"] == broad * (1 + scenarios["detailed"]) * scenarios["prompts"]


def test_the_plan_measures_where_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    build = elsewhere(["Swahili", "Amharic"])
    told = instructions.load(Path("config/prompts/scenarios.yaml"), scenarios.TEMPLATES)
    card = dict(resolve("Swahili").card())

    def answer(body: Any, before: int) -> Any:
        count = body["response_format"]["json_schema"]["schema"]["properties"]["items"]["minItems"]
        return completion(json.dumps({"items": [f"{digest(body)} {n}" for n in range(count)]}))

    generation = build.config.generation
    with serving(answer) as endpoint:
        # As in a rehearsal: of each step six questions at most.
        reached = connection(endpoint.url, price=PRICE)
        journal = tmp_path / "journal/swh_Latn/write_scenarios.jsonl"
        settings = decisive(build.config.teacher.role("generator"), resolve("Swahili"))
        settings = settings.model_copy(update={"questions": 6})
        monkeypatch.chdir(tmp_path)
        asking = Teacher(settings, reached, tmp_path / "journal/shared/write_subjects.jsonl")
        of_scenarios = (generation.scenarios, generation.lists)
        beside_told = instructions.load(ROOT / "config/prompts/beside.yaml", beside.TEMPLATES)
        nobody = beside.Beside(beside_told, None, generation.diversity)
        shared = scenarios.general(*of_scenarios, asking, told, nobody)
        listed = endpoint.requests
        asking = Teacher(settings, reached, journal)
        shown = beside.Beside(beside_told, card, generation.diversity)
        scenarios.write(shared, *of_scenarios, asking, card, told, shown)
        asked = endpoint.requests
    monkeypatch.chdir(repository)
    found = {one["stage"]: one for one in summary(build, tmp_path)["stages"]}
    stage, other, lists = (found[f"write_{name}"] for name in ("scenarios", "topics", "subjects"))
    assert (stage["measured"], other["measured"]) == (True, False)
    # A list of 4, a list of 2 for each, prompts for all 24: of two languages.
    assert (stage["calls"], stage["journaled"]) == (2 * (1 + 4 + 24), asked - listed)
    # The general list, and those from 8 seeds, once for both.
    assert (lists["calls"], lists["journaled"]) == (1 + 4 + 8 + 8, listed)
    assert stage["completion_tokens"] < 2 * 29 * 100  # no reasoning was seen in this stage
    assert stage["dollars"] == pytest.approx(
        (stage["prompt_tokens"] + 10 * stage["completion_tokens"]) / 1e6
    )
    assert other["completion_tokens"] > 2 * 80 * 400


@pytest.mark.parametrize(("asked", "expected"), [(10, 4), (4, 10)])
def test_the_plan_knows_the_end_of_a_corpus(asked: int, expected: int) -> None:
    """Of one that gave a rehearsal 4 conversations: all that it has, or all that it was asked."""
    build = elsewhere(["Swahili"])
    rows = [{"id": str(n), "messages": [{"role": "user", "content": str(n)}]} for n in range(4)]
    write_jsonl(Path("rehearsal/resources/conversations.jsonl"), rows)
    write_json(Path("rehearsal/config.json"), {"conversations": {"limit": asked}})
    assert planned(build)["translate_conversations"] == expected


def test_the_plan_takes_no_text_of_another_corpus() -> None:
    """After the demonstration its short conversations say nothing of those of a data set."""

    def tokens() -> int:
        found = summary(elsewhere(["Swahili"]), Path("nowhere"))["stages"]
        [asked] = [one for one in found if one["stage"] == "translate_conversations"]
        return int(asked["prompt_tokens"])

    assumed = tokens()
    rows = [{"id": str(n), "messages": [{"role": "user", "content": "x" * 80}]} for n in range(4)]
    write_jsonl(Path("resources/conversations.jsonl"), rows)
    told = {"name": None, "revision": None, "split": "train"}
    write_json(Path("logs/config.json"), {"conversations": {"source": "builtin", **told}})
    assert tokens() == assumed
    write_json(Path("logs/config.json"), {"conversations": {"source": "owner/some", **told}})
    assert tokens() < assumed


def test_the_plan_knows_the_script() -> None:
    def tokens(name: str) -> float:
        found = summary(elsewhere([name]), Path("nowhere"))["stages"]
        by_stage = {one["stage"]: one["completion_tokens"] for one in found}
        return float(by_stage["translate_conversations"])

    assert tokens("Swahili") < tokens("Amharic") < tokens("Burmese")


def test_sizes_are_those_of_the_languages() -> None:
    """Each of 47 within a third of what is assumed for its script."""
    english = sum(len(line.encode()) for line in real_texts.flores("eng_Latn"))
    for code in real_texts.LANGUAGES:
        if code != "nqo_Nkoo":  # which FLORES-200 does not have
            found = sum(len(line.encode()) for line in real_texts.flores(code)) / english
            assert found == pytest.approx(size(code[-4:]), rel=0.34), code


def test_the_plan_knows_classification_and_benchmarks_of_ones_own(tmp_path: Path) -> None:
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    mine = tmp_path / "x.tsv"
    mine.write_text("q\ta\tb\tc\n" + "".join(f"q{n}\tA\tx{n}\ty{n}\n" for n in range(30)))
    values["conversations"]["limit"] = 60
    values["benchmarks"] |= {"run": ["global_mmlu_lite", "mine"], "shots": 2, "thinking": False}
    values["benchmarks"]["sources"]["global_mmlu_lite"] = "hub"
    values["benchmarks"]["custom"] = {
        "mine": {"kind": "multiple_choice", "test": str(mine), "question": "q", "answer": "a",
                 "options": ["b", "c"]}
    }  # fmt: skip
    found = planned(Build(config.load(values), [resolve("Swahili")]))
    assert found["score-global_mmlu_lite"] == 100  # the limit
    assert 0 < found["score-mine"] < 30  # some are set aside as examples
    # Two labels of 200 texts, 10 a request, each text checked, and subjects named first; 140 texts
    # classified twice.
    assert found["examples-sentiment"] == 2 * 20 + 2 * 200 + 2
    assert found["classify-topic"] == 2 * 140
    values["classification"] |= {"tasks": ["topic"], "data": "task"}
    found = planned(Build(config.load(values), [resolve("Swahili")]))
    assert found["classify-topic"] == 2 * 204  # the test set of SIB-200


def test_the_plan_reads_labelled_texts_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "config", "config")
    rows = [(f"neno la {n}", ("travel", "health")[n % 2]) for n in range(30)]
    Path("mine.tsv").write_text("text\tlabel\n" + "".join(f"{a}\t{b}\n" for a, b in rows))
    path = Path("config/tasks/topic.yaml")
    task = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**task, "test": {"source": "mine.tsv"}, "human": None}))
    values = yaml.safe_load(Path("config/config.yaml").read_text())
    values["classification"] |= {"tasks": ["topic"], "data": "task"}
    found = planned(Build(config.load(values), [resolve("Swahili")]))
    assert found["classify-topic"] == 30  # none is shown, as nobody's are there to train on


def test_the_whole_cost_of_the_paper(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Under $50 a language, generation and training together."""
    hired = "hardware={device: H100, price: 2.5}"
    assert run("plan", *KAKUGO, hired, "--work", str(tmp_path), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    training, scoring = found["students"]
    assert (training["student"], training["kind"]) == ("granite", "training")
    # 29,908 answers with their traces and 15,000 translations, of about 1,000 tokens each.
    assert 3e7 < training["tokens"] < 6e7
    assert 0.5 < training["hours"] < 1.5
    assert 0 < scoring["hours"] < 1
    whole = found["total"]["dollars"] + training["dollars"] + scoring["dollars"]
    assert whole < 50
    assert run("plan", *KAKUGO, hired, "--work", str(tmp_path)) == 0
    printed = capsys.readouterr().out
    assert re.search(
        r"^granite +training +[\d,]+ +0.\d\d +\d.\d\d +estimated: H100$", printed, re.M
    )
    assert f"with training and scoring, to come: about ${whole:,.2f}" in printed
    with pytest.raises(SystemExit, match=r"hardware.device: this device is not in the table"):
        run("plan", *KAKUGO, "hardware={device: H101}")


def test_a_plan_without_a_price_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
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
def test_mistakes_of_a_plan_get_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        run("plan", *arguments)
    assert "\n" not in str(caught.value)


def test_made_up_conversations_and_their_translations_have_lines() -> None:
    """Pairs are made of lines, and of equal ones once."""
    row = {"id": "c", "messages": [{"role": "user", "content": "A line.\n\nA second line."}]}
    copies = [made.copied(row, number) for number in (3, 4)]
    said = [copy["messages"][0]["content"] for copy in copies]
    assert said == ["A line. 3\n\nA second line. 3", "A line. 4\n\nA second line. 4"]
    numbers = iter(range(9))
    found = [pretend.translated(copy["messages"], 2.0, numbers) for copy in copies]
    lines = [line for [turn] in found for line in turn["content"].split("\n")]
    assert [len(line) for line in lines] == 2 * [18, 0, 32]
    assert len(set(lines)) == 5
