"""The teacher as a classifier: how it is asked, and what of its answers counts."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import endpoint
from limbeck import files
from limbeck.classification import classify, examples, tasks
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.generation.instructions import load
from limbeck.languages import resolve
from limbeck.teacher.client import Reply

ROOT = Path(__file__).parents[3]
CARD = resolve("Swahili").card()
TASK = tasks.find("sentiment", ROOT / "config/tasks")
INSTRUCTIONS = load(ROOT / "config/prompts/classification.yaml", examples.TEMPLATES)
GOLD = ["positive", "negative"] * 4


def rows(count: int, prefix: str) -> list[Row]:
    return [{"id": f"{prefix}{i}", "text": f"neno {i}", "label": GOLD[i]} for i in range(count)]


TEST = rows(6, "")


REPLIES = [
    (Reply('{"label": "positive"}', None, "stop", 1, 1, None, None), "positive"),
    (Reply("I think it is positive.", None, "stop", 1, 1, None, "format"), "positive"),
    (Reply("positive or negative", None, "stop", 1, 1, None, "format"), None),
    (Reply("", None, "length", 1, 1, None, "length"), None),
]


@pytest.mark.parametrize(("reply", "label"), REPLIES)
def test_the_teachers_answers(reply: Reply, label: str | None) -> None:
    assert classify.read(reply, TASK) == label


def run(main: Any, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    monkeypatch.setattr("sys.argv", ["stage", *arguments])
    main()


def ask_teacher(
    monkeypatch: pytest.MonkeyPatch, folder: Path, url: str, retries: int = 8, max_cut: float = 0.1
) -> None:
    """Have the teacher classify six texts, with four seeds of each label shown or none."""
    files.write_json(folder / "card.json", CARD)
    files.write_jsonl(folder / "seeds.jsonl", rows(4, "seed"))
    files.write_jsonl(folder / "test.jsonl", TEST)
    teacher = endpoint.teacher().model_dump()
    settings = json.dumps({"teacher": teacher, "seed": 1, "max_cut": max_cut})
    run(
        classify.main, monkeypatch, language=folder / "card.json",
        task=ROOT / "config/tasks/sentiment.yaml",
        instructions=ROOT / "config/prompts/classification.yaml",
        seeds=folder / "seeds.jsonl", test=folder / "test.jsonl", settings=settings,
        connection=endpoint.connection(url, retries=retries).model_dump_json(),
        journal=folder / "journal.jsonl", output=folder / "predictions.parquet",
    )  # fmt: skip


def test_the_teacher_is_asked_fairly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few-shot shows the seeds; replies are held to the labels; no request holds a test label."""

    def answer(body: dict[str, Any], before: int) -> Any:
        return endpoint.completion('{"label": "positive"}')

    with endpoint.serving(answer) as served:
        ask_teacher(monkeypatch, tmp_path, served.url)
        bodies = served.bodies
    turns = Counter(len(body["messages"]) for body in bodies)
    assert turns == {1: 6, 9: 6}
    for body in bodies:
        asked = [m["content"] for m in body["messages"] if m["role"] == "user"]
        assert TASK.question in asked[0]
        assert all(re.fullmatch("<text>.*</text>", text) for text in asked[1:])
        schema = body["response_format"]["json_schema"]
        assert schema["name"] == "Label"
        assert schema["schema"]["properties"]["label"]["enum"] == TASK.names
    shown = {m["content"] for body in bodies for m in body["messages"] if m["role"] == "assistant"}
    assert shown == {'{"label":"positive"}', '{"label":"negative"}'}
    said = files.read_parquet(tmp_path / "predictions.parquet")
    assert Counter(row["source"] for row in said) == {"zero-shot": 6, "few-shot": 6}
    assert {row["predicted"] for row in said} == {"positive"}


def test_seeds_that_the_teacher_does_not_hold_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = "This model's maximum context length is 300 tokens. However, you requested 500 tokens"

    def answer(body: dict[str, Any], before: int) -> Any:
        if len(body["messages"]) > 1:
            return endpoint.status(400, f"{full} (400 in the messages, 100 in the completion)")
        return endpoint.completion('{"label": "positive"}')

    with (
        endpoint.serving(answer) as served,
        pytest.raises(UserError, match=r"'teacher' does not hold the 4 demonstrations.*seeds"),
    ):
        ask_teacher(monkeypatch, tmp_path, served.url)
    assert len(served.bodies) == 1  # by the longest prompt alone


def cut(numbers: list[int]) -> endpoint.Answer:
    """A teacher that is right, but whose answers to some of the texts are cut off."""

    def answer(body: dict[str, Any], before: int) -> Any:
        found = re.search(r"<text>neno (\d+)</text>[^<]*$", body["messages"][-1]["content"])
        assert found
        if int(found[1]) in numbers:
            return endpoint.completion('{"label', "length")
        return endpoint.completion(json.dumps({"label": GOLD[int(found[1])]}))

    return answer


@pytest.mark.parametrize(
    ("numbers", "max_cut", "refused"),
    [([0, 2, 4], 0.1, True), ([0, 2, 4], 0.5, False), ([0], 0.1, False), ([], 0.0, False)],
)
def test_a_teacher_whose_limit_cuts_its_answers_is_no_rival(
    numbers: list[int], max_cut: float, refused: bool, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with endpoint.serving(cut(numbers)) as served:
        if refused:
            message = r"sentiment, zero-shot: 3 of 6 answers .* raise teacher\.judge\.max_tokens"
            with pytest.raises(UserError, match=message):
                ask_teacher(monkeypatch, tmp_path, served.url, max_cut=max_cut)
            assert not (tmp_path / "predictions.parquet").exists()
            return
        ask_teacher(monkeypatch, tmp_path, served.url, max_cut=max_cut)
    said = files.read_parquet(tmp_path / "predictions.parquet")
    assert sum(row["predicted"] is None for row in said) == 2 * len(numbers)


def test_a_text_that_the_endpoint_failed_on_is_no_wrong_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came is kept, and the next run asks for the rest."""
    down = True

    def answer(body: dict[str, Any], before: int) -> Any:
        fails = down and f"<text>{TEST[1]['text']}</text>" in body["messages"][-1]["content"]
        return endpoint.status(500) if fails else endpoint.completion('{"label": "positive"}')

    with endpoint.serving(answer) as served:
        with pytest.raises(UserError, match=r"failed on 1 of 6 prompts \(http 500\); run again"):
            ask_teacher(monkeypatch, tmp_path, served.url, retries=0)
        assert not (tmp_path / "predictions.parquet").exists()
        down, asked = False, served.requests
        ask_teacher(monkeypatch, tmp_path, served.url)
    assert (asked, served.requests) == (7, 13)


def test_the_labels_are_told_once_however_many_the_seeds() -> None:
    """Ten intents with ten seeds each: a third of what the list at every turn would be."""
    task = tasks.find("intent", ROOT / "config/tasks")
    seeds = [
        {"id": f"{label}{i}", "text": f"neno {i}", "label": label}
        for label in task.names
        for i in range(10)
    ]
    turns = classify.demonstrations(task, CARD, INSTRUCTIONS, seeds, 1)
    asked = [turn["content"] for turn in turns if turn["role"] == "user"]
    assert len(asked) == 100
    description = task.labels["weather_query"].description
    assert sum(description in text for text in asked) == 1
    assert sum(len(turn["content"]) for turn in turns) < 10_000
