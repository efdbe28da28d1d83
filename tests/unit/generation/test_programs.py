"""The program of every stage against a small endpoint."""

import importlib
import json
import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

import endpoint
from limbeck import files
from limbeck.errors import UserError
from limbeck.generation import contexts, respond
from limbeck.languages import resolve
from limbeck.teacher.client import check_came
from limbeck.teacher.replies import failed

LISTS = {"tries": 3, "short": 0.2}
PROMPTS = Path(__file__).parents[3] / "config" / "prompts"


def answer(body: dict[str, Any], before: int) -> Any:
    """A value of the asked form, made from the message's first words; some requests fail."""
    content = body["messages"][-1]["content"]
    mark = files.digest(content)[:4]
    if "response_format" not in body:
        return endpoint.completion(f"Jibu {mark}", reasoning="Najibu.")
    form = body["response_format"]["json_schema"]
    if form["name"] == "RevisedPrompt":
        return endpoint.completion(json.dumps({"prompt": f"Tena {mark}?"}))
    if form["name"] == "Translation":
        return endpoint.completion('{"messages": [{"role": "user", "content": "Habari"}]}')
    if "culture" in content and form["name"] == "TopicPrompts":
        return endpoint.completion("{", "length")
    count = form["schema"]["properties"]["items"]["minItems"]
    return endpoint.completion(json.dumps({"items": [f"{mark} {n}" for n in range(count)]}))


def run(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    url: str,
    stage: str,
    section: dict[str, Any],
    *inputs: str,
) -> list[dict[str, Any]]:
    """The rows that a stage's program writes."""
    settings = {"teacher": endpoint.teacher().model_dump(), "seed": 1, **section}
    files.write_json(folder / "card.json", resolve("Swahili").card())
    output = folder / f"{stage}.jsonl"
    arguments = {
        "--language": folder / "card.json",
        "--instructions": PROMPTS / f"{stage}.yaml",
        "--settings": json.dumps(settings),
        "--connection": endpoint.connection(url).model_dump_json(),
        "--journal": folder / f"journal/{stage}.jsonl",
        "--output": output,
    }
    pairs = [str(part) for pair in arguments.items() for part in pair]
    if stage in ("topics", "scenarios", "contexts"):
        pairs += ["--beside", str(PROMPTS / "beside.yaml")]
    monkeypatch.setattr(sys, "argv", [stage, *pairs, *inputs])
    importlib.import_module(f"limbeck.generation.{stage}").main()
    return list(files.read_jsonl(output))


def listed(
    monkeypatch: pytest.MonkeyPatch, folder: Path, url: str, sections: dict[str, Any]
) -> dict[str, str]:
    """The files of the general branches, as their program writes them."""
    off = {"personas": 0, "shown": 0, "overlap": None}
    asked = {"lists": LISTS, "diversity": off, **sections}
    settings = {"teacher": endpoint.teacher().model_dump(), "seed": 1, **asked}
    outputs = {name: str(folder / f"general-{name}.jsonl") for name in ("topics", "scenarios")}
    arguments = {
        "--topics-instructions": PROMPTS / "topics.yaml",
        "--scenarios-instructions": PROMPTS / "scenarios.yaml",
        "--beside": PROMPTS / "beside.yaml",
        "--settings": json.dumps(settings),
        "--connection": endpoint.connection(url).model_dump_json(),
        "--journal": folder / "journal/subjects.jsonl",
        **{f"--{name}": path for name, path in outputs.items()},
    }
    pairs = [str(part) for pair in arguments.items() for part in pair]
    monkeypatch.setattr(sys, "argv", ["subjects", *pairs])
    importlib.import_module("limbeck.generation.subjects").main()
    return outputs


@pytest.mark.parametrize(
    ("traces", "bare", "failed", "floor", "words"),
    [
        (9, 1, 5, 0.9, None),  # a failed row has no say
        (8, 1, 0, 0.9, r"8 of 9 responses \(89%\).*asks for 90%"),
        (0, 3, 0, 0.0, None),
        (0, 0, 3, 1.0, None),
    ],
)
def test_responses_without_reasoning_fail_the_stage(
    tmp_path: Path, traces: int, bare: int, failed: int, floor: float, words: str | None
) -> None:
    def row(reasoning: str | None, failure: str | None = None) -> dict[str, Any]:
        return {"reasoning": reasoning, "response": "ndiyo", "failure": failure}

    rows = [row("hm")] * traces + [row(None)] * bare + [row(None, "length")] * failed
    with pytest.raises(UserError, match=words) if words else nullcontext() as caught:
        respond.check_reasoning(rows, floor, tmp_path / "responses.jsonl")
    assert caught is None or "\n" not in str(caught.value)


def test_ten_answers_without_a_trace_are_enough_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"pivot": None, "failure": None}
    prompts = [{"id": f"p{n}", "prompt": f"Swali {n}?", **row} for n in range(40)]
    files.write_jsonl(tmp_path / "prompts.jsonl", prompts)
    inputs = ("--prompts", str(tmp_path / "prompts.jsonl"))
    section = {"min_reasoning": 0.9, "traces": "free", "lengths": ["natural"]}
    with endpoint.serving(lambda body, before: endpoint.completion("Jibu.")) as served:
        with pytest.raises(UserError, match=r"0 of 10 responses .*extra_body"):
            run(monkeypatch, tmp_path, served.url, "respond", section, *inputs)
        assert served.requests == 10
        run(monkeypatch, tmp_path, served.url, "respond", section | {"min_reasoning": 0}, *inputs)
        assert served.requests == 40


def test_prompts_that_moderation_flags_are_lost_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """However many come in a row: the others are answered."""
    flagged = [{"id": f"f{n}", "prompt": f"Baya {n}?", "pivot": None} for n in range(40)]
    others = [{"id": f"p{n}", "prompt": f"Swali {n}?", "pivot": None} for n in range(10)]
    prompts = [{**row, "failure": None} for row in flagged + others]
    files.write_jsonl(tmp_path / "prompts.jsonl", prompts)

    def moderated(body: dict[str, Any], before: int) -> Any:
        bad = "Baya" in body["messages"][-1]["content"]
        return endpoint.raw(endpoint.FLAGGED, 403) if bad else endpoint.completion("Jibu.")

    inputs = ("--prompts", str(tmp_path / "prompts.jsonl"))
    section = {"min_reasoning": 0, "traces": "free", "lengths": ["natural"]}
    with endpoint.serving(moderated) as served:
        rows = run(monkeypatch, tmp_path, served.url, "respond", section, *inputs)
        assert served.requests == 50  # none is tried again
    assert Counter(row["failure"] for row in rows) == {"content_filter": 40, None: 10}
    assert "10 rows, 40 lost (content_filter 40)" in capfd.readouterr().err


def test_what_the_endpoint_failed_on_is_asked_for_by_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"pivot": None, "failure": None}
    prompts = [{"id": f"p{n}", "prompt": f"Swali {n}?", **row} for n in range(10)]
    files.write_jsonl(tmp_path / "prompts.jsonl", prompts)
    refused = {"Swali 0?": endpoint.status(400, "no such prompt")}
    orders = refused | {"Swali 1?": endpoint.status(503, **{"Retry-After": "0"})}

    def said(body: dict[str, Any], before: int) -> Any:
        return orders.get(body["messages"][-1]["content"]) or endpoint.completion("Jibu.")

    inputs = ("--prompts", str(tmp_path / "prompts.jsonl"))
    section = {"min_reasoning": 0, "traces": "free", "lengths": ["natural"]}
    with endpoint.serving(said) as served:
        with pytest.raises(UserError, match=r"failed on 1 of 10 prompts \(http 503\); run again"):
            run(monkeypatch, tmp_path, served.url, "respond", section, *inputs)
        assert not (tmp_path / "respond.jsonl").exists()
        orders, asked = refused, served.requests
        rows = run(monkeypatch, tmp_path, served.url, "respond", section, *inputs)
        assert served.requests == asked + 2
    assert [row["failure"] for row in rows if row["failure"]] == ["http 400"]


@pytest.mark.parametrize(
    ("failure", "count", "stops"),
    [
        ("timeout", 1, False),  # some fail each time
        ("timeout", 2, True),
        ("http 429", 2, True),
        ("http 402", 2, True),
        ("no choice", 2, True),
        ("http 400", 50, False),
        ("too large", 50, False),
        ("length", 50, False),
    ],
)
def test_more_than_a_few_failures_of_the_endpoint_stop_a_stage(
    tmp_path: Path, failure: str, count: int, stops: bool
) -> None:
    replies = [failed(failure)] * count + [failed("empty")] * (100 - count)
    with pytest.raises(UserError, match=failure) if stops else nullcontext():
        check_came(replies, tmp_path / "journal.jsonl")


def test_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree_topics = {
        "general_seeds": ["health", "culture"],
        "language_seeds": ["{language} food"],
        "macro_topics": 2,
        "topics": 2,
        "prompts": 3,
        "pivot": None,
    }
    scenarios = {"general": 2, "local": 0, "detailed": 2, "prompts": 1, "pivot": None}
    apart = {"diversity": {"personas": 0, "shown": 0, "overlap": None}}
    texts = [{"id": f"text-{n}", "source": "x", "text": f"Habari {n}."} for n in range(4)]
    files.write_jsonl(tmp_path / "texts.jsonl", texts)
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello!"}]
    conversation = {"id": "conversation-1", "source": "builtin", "messages": turns}
    files.write_jsonl(tmp_path / "conversations.jsonl", [conversation])
    paths = {name: str(tmp_path / f"{name}.jsonl") for name in ("texts", "conversations")}
    with endpoint.serving(answer) as served:
        sections = {"topics": tree_topics, "scenarios": scenarios}
        subjects = listed(monkeypatch, tmp_path, served.url, sections)

        def stage(name: str, section: dict[str, Any], *inputs: str) -> list[dict[str, Any]]:
            paths[name] = str(tmp_path / f"{name}.jsonl")
            return run(monkeypatch, tmp_path, served.url, name, section, *inputs)

        own = {"topics": tree_topics, "lists": LISTS, **apart}
        rows = stage("topics", own, "--subjects", subjects["topics"])
        kinds = Counter(row["kind"] for row in rows if not row["failure"])
        assert kinds == {"seed": 6, "macro_topic": 18, "topic": 36}
        assert [row["source"] for row in rows if row["failure"] == "length"] == ["culture"]

        section = {"scenarios": scenarios, "lists": LISTS, **apart}
        rows = stage("scenarios", section, "--subjects", subjects["scenarios"])
        assert Counter(row["kind"] for row in rows) == {"general": 2, "general:detailed": 4}

        section = {"kinds": ["improve", "answer"], "prompts": 2, "keep": 1, "plenty": 0}
        rows = stage("contexts", {"contexts": section, **apart}, "--texts", paths["texts"])
        dealt = [contexts.deal(text, ["improve", "answer"], 1)["kind"] for text in texts]
        assert [row["kind"] for row in rows] == dealt

        inputs = [paths[name] for name in ("topics", "scenarios", "contexts")]
        section = {"share": 0.5, "ways": ["natural", "format"]}
        rows = stage("revise", {"revision": section, "overlap": None}, "--prompts", *inputs)
        assert len(rows) == len({row["id"] for row in rows}) == 61 + 6 + 4
        revised = {row["parent"] for row in rows if row["kind"].startswith("revised:")}
        assert revised.isdisjoint(row["id"] for row in rows)
        assert 20 < len(revised) < 50

        section = {"min_reasoning": 0.9, "traces": "free", "lengths": ["natural", "short"]}
        rows = stage("respond", section, "--prompts", paths["revise"])
        assert {row["length"] for row in rows} == {"natural", "short"}
        assert Counter(row["response"][:4] for row in rows) == {"Jibu": 70, "": 1}
        assert {row["reasoning"] for row in rows} == {"Najibu.", None}

        with pytest.raises(UserError, match=r"because of 'structure' \(structure 1\)"):
            stage("translate", {}, "--conversations", paths["conversations"])
        asked = served.requests
        stage("topics", own, "--subjects", subjects["topics"])
        assert served.requests == asked  # all of it is in the journal
