"""Comparing systems, the curve's runs, the teacher's answers, and limbeck classify."""

import io
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import endpoint
from limbeck import cli, files
from limbeck.classification import (
    classify,
    compare,
    curve,
    examples,
    kinds,
    predictions,
    tasks,
)
from limbeck.config import Classifier
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.generation.instructions import load
from limbeck.languages import resolve
from limbeck.teacher.client import Reply

pytest.importorskip("sklearn")

ROOT = Path(__file__).parents[3]
CARD = resolve("Swahili").card()
TASK = tasks.find("sentiment", ROOT / "config/tasks")
INSTRUCTIONS = load(ROOT / "config/prompts/classification.yaml", examples.TEMPLATES)
GOLD = ["positive", "negative"] * 100
TEST = [{"id": str(i), "text": f"neno {i}", "label": label} for i, label in enumerate(GOLD)]


def system(path: Path, right: dict[tuple[str, int], list[float]]) -> compare.System:
    """Predictions that are right for a share of the items, by source and size, a share a repeat."""
    rows = [
        {"source": source, "size": size, "repeat": repeat, "id": row["id"],
         "predicted": row["label"] if i % 100 < 100 * share else None, "reply": None}
        for (source, size), shares in right.items()
        for repeat, share in enumerate(shares)
        for i, row in enumerate(TEST)
    ]  # fmt: skip
    predictions.write(path, rows)
    return compare.System(path, TEST)


def test_a_size_that_a_larger_one_belies_is_none_from_which_the_teacher_is_beaten(
    tmp_path: Path,
) -> None:
    teacher = system(tmp_path / "t", {("zero-shot", 0): [0.7]})
    student = system(
        tmp_path / "s",
        {("synthetic", 10): [0.9], ("synthetic", 50): [0.6], ("synthetic", 200): [0.9],
         ("synthetic", 400): [0.9]},
    )  # fmt: skip
    found = compare.compare(TASK, TEST, teacher, {"linear": student}, 1)
    assert found["classifiers"]["linear"]["beats_teacher_from"] == 200


def test_equals_are_seldom_said_to_beat_each_other(tmp_path: Path) -> None:
    """Six sizes, teacher and student equally strong: at most one in twenty is a false alarm."""
    rng = random.Random(3)

    def equal() -> list[Row]:
        return [
            {"source": "synthetic", "size": size, "repeat": 0, "id": row["id"],
             "predicted": row["label"] if rng.random() < 0.75 else None, "reply": None}
            for size in (10, 20, 50, 100, 200, 400)
            for row in TEST
        ]  # fmt: skip

    alarms = 0
    for _ in range(60):
        predictions.write(tmp_path / "s", equal())
        predictions.write(tmp_path / "t", [row | {"size": 0} for row in equal()[: len(TEST)]])
        systems = (compare.System(tmp_path / name, TEST) for name in ("t", "s"))
        teacher, student = systems
        found = compare.compare(TASK, TEST, teacher, {"linear": student}, 1)
        alarms += found["classifiers"]["linear"]["beats_teacher_from"] is not None
    assert alarms <= 0.05 * 60


def test_the_smallest_size_that_beats_the_teacher(tmp_path: Path) -> None:
    teacher = system(tmp_path / "t", {("zero-shot", 0): [0.6], ("few-shot", 0): [0.7]})
    student = system(
        tmp_path / "s",
        {("synthetic", 10): [0.5, 0.4], ("synthetic", 50): [0.7, 0.72],
         ("synthetic", 200): [0.9, 0.95], ("human", 10): [1.0], ("seeds", 200): [0.3]},
    )  # fmt: skip
    found = compare.compare(TASK, TEST, teacher, {"linear": student}, 1)
    assert found["teacher_best"] == "few-shot"
    assert found["teacher"]["few-shot"]["unparsed"] == 60
    linear = found["classifiers"]["linear"]
    assert linear["beats_teacher_from"] == 200
    sure = {(p["source"], p["n"]): p["to_teacher"]["sure"] for p in linear["points"]}
    assert sure == {
        ("human", 10): True, ("seeds", 200): False, ("synthetic", 10): False,
        ("synthetic", 50): False, ("synthetic", 200): True,
    }  # fmt: skip
    assert linear["full"]["accuracy"] == 0.9
    assert len(linear["disagreements"]) == 5


def test_a_missing_prediction_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "p"
    predictions.write(path, [{"source": "zero-shot", "size": 0, "repeat": 0, "id": "0",
                              "predicted": None, "reply": "?"}])  # fmt: skip
    with pytest.raises(UserError, match="no prediction of the test text '1'"):
        compare.System(path, TEST)


def test_chance_of_two_even_labels() -> None:
    assert compare.chance(GOLD, TASK.names) == {"accuracy": 0.5, "macro_f1": 0.5}


def test_chance_counts_a_label_without_a_text_as_the_scores_do() -> None:
    found = compare.chance(GOLD, [*TASK.names, "none"])
    assert found == {"accuracy": 0.5, "macro_f1": round((0.4 + 0.4 + 0) / 3, 4)}


def rows(count: int, prefix: str) -> list[Row]:
    return [
        {"id": f"{prefix}{i}", "text": f"{GOLD[i]} {i}", "label": GOLD[i]} for i in range(count)
    ]


def test_what_a_model_is_shown() -> None:
    """`icl` sees so many examples of each label; the control sees as many seeds, none twice."""
    classifier = Classifier(kind="icl", base="m", shots=3)
    settings = curve.Settings(classifier=classifier, sizes=[], repeats=2, seed=1)
    found = list(curve.runs(rows(40, "s"), rows(60, "h"), rows(4, "h"), settings))
    assert Counter((run.source, run.size) for run in found) == {
        ("synthetic", 6): 2, ("human", 6): 2, ("seeds", 4): 1,
    }  # fmt: skip
    for run in found:
        assert len({row["id"] for row in run.rows}) == run.size
        assert set(Counter(row["label"] for row in run.rows).values()) == {run.size // 2}


def test_what_a_model_is_shown_of_samples() -> None:
    """As many at each size, of ever more texts; a sample that does not hold them is none."""
    classifier = Classifier(kind="icl", base="m", shots=3)
    settings = curve.Settings(classifier=classifier, sizes=[4, 6, 20], repeats=9, seed=1)
    found = list(curve.runs(rows(40, "s"), rows(60, "h"), rows(4, "h"), settings))
    assert Counter((run.source, run.size) for run in found) == {
        ("synthetic", 6): 9, ("synthetic", 20): 9, ("synthetic", 40): 9,
        ("human", 6): 9, ("human", 20): 9, ("human", 40): 9, ("seeds", 4): 1,
    }  # fmt: skip
    assert {len(run.rows) for run in found if run.source != "seeds"} == {6}
    ids = {run[:3]: {row["id"] for row in run.rows} for run in found}
    assert all(ids["synthetic", 6, i] != ids["synthetic", 20, i] for i in range(9))


def test_a_model_that_is_shown_nothing(tmp_path: Path) -> None:
    classifier = Classifier(kind="icl", base="m", shots=0)
    settings = curve.Settings(classifier=classifier, sizes=[], repeats=2, seed=1)
    assert list(curve.runs(rows(40, "s"), rows(60, "h"), rows(4, "h"), settings)) == [
        ("zero-shot", 0, 0, [])
    ]
    teacher = system(tmp_path / "t", {("zero-shot", 0): [0.6]})
    model = system(tmp_path / "s", {("zero-shot", 0): [0.9]})
    [found] = compare.compare(TASK, TEST, teacher, {"icl": model}, 1)["classifiers"].values()
    assert found["full"]["accuracy"] == 0.9
    assert found["points"][0]["to_teacher"]["sure"]
    assert found["beats_teacher_from"] is None


@pytest.mark.parametrize(
    ("classifier", "whole"),
    [
        (Classifier(kind="linear"), 1),  # it would learn the same from the same texts
        (Classifier(kind="encoder", base="m"), 2),
    ],
)
def test_runs_of_a_curve(classifier: Classifier, whole: int) -> None:
    settings = curve.Settings(classifier=classifier, sizes=[10, 20, 100], repeats=2, seed=1)
    found = list(curve.runs(rows(40, "s"), rows(60, "h"), rows(4, "h"), settings))
    assert Counter((run.source, run.size) for run in found) == {
        ("synthetic", 10): 2, ("synthetic", 20): 2, ("synthetic", 40): whole,
        ("human", 10): 2, ("human", 20): 2, ("human", 40): 2, ("seeds", 40): 1,
    }  # fmt: skip
    assert all(len(run.rows) == run.size for run in found)
    assert len({row["id"] for row in found[-1].rows}) == 4


def test_strategies_apart_are_sources_of_their_own() -> None:
    written = [row | {"strategy": name} for name in ("language", "summaries+check")
               for row in rows(20, name)]  # fmt: skip
    for classifier in (Classifier(kind="linear"), Classifier(kind="icl", base="m")):
        settings = curve.Settings(classifier=classifier, sizes=[], repeats=1, seed=1, apart=True)
        found = Counter(run.source for run in curve.runs(written, rows(9, "h"), [], settings))
        assert found == dict.fromkeys(("synthetic", "language", "summaries+check", "human"), 1)


@pytest.mark.parametrize(
    ("classifier", "seeds"),
    [(Classifier(kind="linear"), 20), (Classifier(kind="icl", base="m", shots=3), 4)],
)
def test_a_text_that_strategies_share_is_one_of_all_together(
    classifier: Classifier, seeds: int
) -> None:
    """`language` and `language+check` ask alike, and have the same texts under ids of their own."""
    written = [
        row | {"id": f"{name}-{row['id']}", "strategy": name}
        for name in ("language", "language+check")
        for row in rows(20, "s")
    ]
    settings = curve.Settings(classifier=classifier, sizes=[], repeats=1, seed=1, apart=True)
    found = {
        run.source: run.rows for run in curve.runs(written, rows(60, "h"), rows(4, "h"), settings)
    }
    assert len({row["text"] for row in found["synthetic"]}) == len(found["synthetic"])
    assert len(found["seeds"]) == seeds
    sizes = {len(found[name]) for name in ("synthetic", "language", "language+check", "human")}
    assert sizes == ({20} if classifier.kind == "linear" else {6})


def test_without_a_teacher_all_learn_from_people() -> None:
    linear, shown = Classifier(kind="linear"), Classifier(kind="icl", base="m", shots=3)
    for classifier, sizes, expected in (
        (linear, [10], {("human", 10): 2, ("human", 60): 1}),
        (shown, [], {("human", 6): 2}),
    ):
        settings = curve.Settings(classifier=classifier, sizes=sizes, repeats=2, seed=1)
        found = curve.runs([], rows(60, "h"), rows(4, "h"), settings)
        assert Counter((run.source, run.size) for run in found) == expected


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
    files.write_jsonl(folder / "test.jsonl", TEST[:6])
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


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A results folder with a classifier."""
    settings = Classifier(kind="linear")
    context = kinds.Context(TASK, CARD, INSTRUCTIONS, 1)
    model = kinds.train(rows(20, "s"), settings, 1, context)
    folder = tmp_path / "swh_Latn/classification/sentiment/linear/model"
    kinds.save(model, settings, "sentiment", "swh_Latn", folder)
    return tmp_path


TEXTS = "positive 77\n\nnegative 78\n"


def classify_texts(
    built: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, texts: bytes = TEXTS.encode()
) -> int:
    options = cli.parser().parse_args(["classify", *arguments, "--results", str(built)])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(texts), encoding="utf-8"))
    code: int = options.run(options)
    return code


def test_limbeck_classify(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert classify_texts(built, monkeypatch, "sentiment", "Swahili") == 0
    assert capsys.readouterr().out == "positive\tpositive 77\nnegative\tnegative 78\n"
    classify_texts(built, monkeypatch, "sentiment", "sw", "--json")
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[1]) == {"label": "negative", "text": "negative 78"}


MISTAKES = [
    (["topic", "Swahili"], "no classifier for 'topic'.*only for sentiment"),
    (["../sentiment", "Swahili"], "no classifier for '../sentiment'"),
    (["sentiment", "Yoruba"], "nothing was built there for Yoruba.*snakemake"),
    (["sentiment", "Swahili", "--classifier", "encoder"], "there are: linear"),
]


def test_texts_that_are_none(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for texts, message in ((b"\n \n", "no text came in"), (b"caf\xe9\n", "no UTF-8")):
        with pytest.raises(UserError, match=message):
            classify_texts(built, monkeypatch, "sentiment", "Swahili", texts=texts)


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_mistakes_of_classify(
    built: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        classify_texts(built, monkeypatch, *arguments)
