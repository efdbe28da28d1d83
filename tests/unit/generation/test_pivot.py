"""What is written in English first: who is asked for what, and what a row says of it."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import endpoint
from limbeck import files
from limbeck.dataset.mix import count, group
from limbeck.dataset.rows import from_response
from limbeck.generation import respond, revise, scenarios, topics, tree
from limbeck.generation.asking import prompt_row, written_in
from limbeck.generation.instructions import load
from limbeck.languages import resolve

PROMPTS = Path(__file__).parents[3] / "config" / "prompts"
TREE = {"general_seeds": [], "language_seeds": ["health"], "macro_topics": 1, "topics": 0}


def answer(body: dict[str, Any], before: int) -> Any:
    """English words in English, and their translations in capitals; one is cut off."""
    content = body["messages"][-1]["content"]
    if "response_format" not in body:
        system = body["messages"][0]["content"]
        language = "English" if "Answer in English" in system else "Swahili"
        return endpoint.completion(f"{language} answer 12 to {content}")
    form = body["response_format"]["json_schema"]
    if form["name"] == "Translation":
        turns = json.loads(content.partition("<conversation>")[2].partition("</conversation>")[0])
        if "prompt 1" in turns[0]["content"]:
            return endpoint.completion("{", "length")
        said = [{**turn, "content": turn["content"].upper()} for turn in turns]
        return endpoint.completion(json.dumps({"messages": said}))
    written = ("they write in English", "the new message in English")
    language = "English" if any(said in content for said in written) else "Swahili"
    if form["name"] == "RevisedPrompt":
        return endpoint.completion(json.dumps({"prompt": f"{language} revised"}))
    listed = form["schema"]["properties"]["items"]["minItems"]
    said = [f"{form['name']} {language} prompt {n}" for n in range(listed)]
    return endpoint.completion(json.dumps({"items": said}))


def run(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    url: str,
    stage: Any,
    settings: Any,
    *more: object,
) -> list[dict[str, Any]]:
    """The rows of a stage."""
    name = stage.__name__.rpartition(".")[2]
    whole = {"teacher": endpoint.teacher().model_dump(), "seed": 1, **settings}
    files.write_json(folder / "card.json", dict(resolve("Swahili").card()))
    arguments = [
        "--language", folder / "card.json", "--instructions", PROMPTS / f"{name}.yaml",
        "--settings", json.dumps(whole),
        "--connection", endpoint.connection(url).model_dump_json(),
        "--journal", folder / f"journal/{name}.jsonl", "--output", folder / f"{name}.jsonl", *more,
    ]  # fmt: skip
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    stage.main()
    return list(files.read_jsonl(folder / f"{name}.jsonl"))


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[dict[str, Any]]]:
    """What topics, revise and respond write, of a pivoted strategy beside one that is not."""
    with endpoint.serving(answer) as served:
        told = (monkeypatch, tmp_path, served.url)
        lists = {"tries": 1, "short": 0.0}
        off = {"personas": 0, "shown": 0, "overlap": None}
        section = {
            "topics": {**TREE, "prompts": 2, "pivot": "english"},
            "lists": lists,
            "diversity": off,
        }
        files.write_jsonl(tmp_path / "none.jsonl", [])
        more = ("--subjects", tmp_path / "none.jsonl", "--beside", PROMPTS / "beside.yaml")
        written = run(*told, topics, section, *more)
        own = prompt_row("scenario", "general", "x", "teacher", "Swahili own")
        files.write_jsonl(tmp_path / "all.jsonl", [*written, own])
        section = {"revision": {"share": 0.5, "ways": ["harder"]}, "overlap": None}
        revised = run(*told, revise, section, "--prompts", tmp_path / "all.jsonl")
        files.write_jsonl(tmp_path / "prompts.jsonl", [*written, own])
        translator = endpoint.teacher(model="en-sw", structured="json_schema").model_dump()
        section = {
            "min_reasoning": 0.0,
            "lengths": ["natural"],
            "traces": "free",
            "translator": translator,
        }
        answered = run(
            *told, respond, section, "--prompts", tmp_path / "prompts.jsonl",
            "--translate", PROMPTS / "translate.yaml",
            "--translator", endpoint.connection(served.url).model_dump_json(),
            "--translations", tmp_path / "journal/translate_answers.jsonl",
        )  # fmt: skip
    return {"written": written, "revised": revised, "answered": answered}


def test_prompts_are_written_and_revised_in_english(rows: dict[str, list[dict[str, Any]]]) -> None:
    assert {row["prompt"] for row in rows["written"]} == {
        "TopicPrompts English prompt 0", "TopicPrompts English prompt 1",
    }  # fmt: skip
    assert {row["pivot"] for row in rows["written"]} == {"english"}
    revised = [row for row in rows["revised"] if row["parent"]]
    assert revised
    for row in revised:
        pivoted = row["strategy"] == "topic"
        assert row["pivot"] == ("english" if pivoted else None)
        assert row["prompt"] == f"{'English' if pivoted else 'Swahili'} revised"


def test_answers_are_given_in_english_and_translated(rows: dict[str, list[dict[str, Any]]]) -> None:
    whole = [row for row in rows["answered"] if not row["failure"]]
    by_strategy = {row["strategy"]: row for row in whole}
    pivoted, own = by_strategy["topic"], by_strategy["scenario"]
    assert pivoted["prompt"] == "TOPICPROMPTS ENGLISH PROMPT 0"
    assert pivoted["response"].startswith("ENGLISH ANSWER 12")
    assert [turn["content"][:7] for turn in pivoted["original"]] == ["TopicPr", "English"]
    assert (pivoted["pivot"], pivoted["translator"]) == ("english", "en-sw")
    assert own["response"].startswith("Swahili answer")
    assert "original" not in own
    failed = [row for row in rows["answered"] if row["failure"]]
    assert {(row["failure"], row["prompt"], row["response"]) for row in failed} == {
        ("length", "", "")
    }


def test_provenance_and_counts_say_so(rows: dict[str, list[dict[str, Any]]]) -> None:
    kept = [from_response(row) for row in rows["answered"] if not row["failure"]]
    found = {row["strategy"]: row for row in kept}
    assert found["topic"]["pivot"] == "english"
    assert found["topic"]["translator"] == "en-sw"
    assert found["scenario"]["pivot"] is None
    # Pivoted rows stay apart from one another, though they have an original.
    assert len({group(row) for row in kept}) == len(kept)
    counted: Any = count([{**row, "form": "direct"} for row in kept])
    assert counted["by_pivot"] == dict(Counter(row["pivot"] for row in kept if row["pivot"]))


def _listing(name: str, stage: Any, card: dict[str, Any]) -> Any:
    step = tree.Step("prompts", "Prompts", name, 2)
    told = load(PROMPTS / f"{stage.__name__.rpartition('.')[2]}.yaml", stage.TEMPLATES)
    return tree.prompt(tree.Node(name, "fishing"), step, card, told)


def _revision(way: Any, card: dict[str, Any]) -> Any:
    row = prompt_row("topic", "seed", "x", "teacher", "What is it?", pivot="english")
    return revise.prompt(row, way, card, load(PROMPTS / "revise.yaml", revise.TEMPLATES))


def _response(card: dict[str, Any]) -> Any:
    row = {"id": "x", "prompt": "What is it?", "pivot": "english", "length": "natural"}
    return respond.prompt(row, card, load(PROMPTS / "respond.yaml", respond.TEMPLATES))


@pytest.mark.parametrize(
    ("ask", "people"),
    [
        (lambda card: _listing("topic", topics, card), "speakers of Faroese (føroyskt, in"),
        (lambda card: _listing("scenario", scenarios, card), "speakers of Faroese (føroyskt, in"),
        (lambda card: _revision("culture", card), "the life of the speakers of Faroese"),
        (lambda card: _revision("context", card), "the lives of speakers of Faroese"),
        (_response, "speakers of Faroese (føroyskt, in"),
    ],
)
def test_people_speak_the_language_where_english_is_written(ask: Any, people: str) -> None:
    told = ask(written_in("english", dict(resolve("Faroese").card()))).messages[0]["content"]
    assert people in told
    assert " in English" in told
    assert "speakers of English" not in told
