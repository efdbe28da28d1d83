"""Examples: what an edit costs, what a request holds, and which examples are kept."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import endpoint
from limbeck import config
from limbeck.classification import examples, select, tasks
from limbeck.dataset.filters.duplicates import NearDuplicates
from limbeck.files import digest
from limbeck.generation.asking import Teacher
from limbeck.generation.instructions import load
from limbeck.languages import resolve
from limbeck.serving.request import tagged

ROOT = Path(__file__).parents[3]
CARD = resolve("Swahili").card()
TASK = tasks.find("topic", ROOT / "config/tasks")
LABELS = TASK.names
SEEDS = [
    {"id": f"{label}-{number}", "text": f"Maandishi {number} ya {label}.", "label": label}
    for label in LABELS
    for number in range(4)
]


def section(**changes: Any) -> config.Examples:
    fields = {
        "per_label": 6,
        "per_request": 3,
        "rounds": 2,
        "strategies": ["descriptions", "english", "language", "summaries"],
        "demonstrations": 2,
        "hints": True,
        "self_check": True,
        "near_duplicate": 0.8,
    }
    return config.Examples(**fields | changes)


def form(body: dict[str, Any]) -> str:
    return str(body["response_format"]["json_schema"]["name"])


def writer(refuse: Callable[[str], bool] = lambda text: False) -> endpoint.Answer:
    """A teacher whose texts are new at each request."""

    def answer(body: dict[str, Any], before: int) -> Any:
        message = body["messages"][-1]["content"]
        name = form(body)
        if name == "Judgement":
            value: Any = {"answer": "no" if refuse(tagged(message, "text")) else "yes"}
        elif name == "LabelSubjects":
            value = {"items": [f"{tagged(message, 'label')} subject {i}" for i in range(24)]}
        elif name == "Summary":
            value = {"summary": "notes on " + tagged(message, "description")}
        else:
            mark = digest(body["messages"], body.get("seed"))
            value = {"items": [f"neno {mark[i : i + 8]} la {i}" for i in range(3)]}
        return endpoint.completion(json.dumps(value))

    return answer


def write(
    url: str,
    folder: Path,
    task: tasks.Task = TASK,
    seeds: list[dict[str, str]] = SEEDS,
    english: list[dict[str, str]] | None = None,
    **changes: Any,
) -> list[dict[str, Any]]:
    settings = examples.Settings(teacher=endpoint.teacher(), examples=section(**changes), seed=1)
    teacher = Teacher(settings.teacher, endpoint.connection(url), folder / "journal.jsonl")
    path = ROOT / "config/prompts/classification.yaml"
    instructions = load(path, examples.TEMPLATES)
    parts = (task, CARD, instructions, seeds, english or [], settings, teacher)
    return examples.Writing(*parts).run()


def test_enough_of_each_label_with_provenance(tmp_path: Path) -> None:
    with endpoint.serving(writer()) as served:
        rows = write(served.url, tmp_path)
    assert {label: sum(row["label"] == label for row in rows) for label in LABELS} == dict.fromkeys(
        LABELS, 6
    )
    assert {row["checked"] for row in rows} == {"yes"}
    known = {seed["id"] for seed in SEEDS}
    shown = [row["demonstrations"] for row in rows if row["strategy"] == "language"]
    assert all(set(ids) <= known and len(ids) == 2 for ids in shown)
    assert len({row["id"] for row in rows}) == len(rows)


def test_an_edited_description_pays_for_its_own_label_alone(tmp_path: Path) -> None:
    with endpoint.serving(writer()) as served:
        write(served.url, tmp_path)
        paid = served.requests
        write(served.url, tmp_path)
        assert served.requests == paid, "nothing has changed"
        sports = TASK.labels["sports"].model_copy(update={"description": "Games of all kinds."})
        edited = TASK.model_copy(update={"labels": {**TASK.labels, "sports": sports}})
        before = len(served.bodies)
        write(served.url, tmp_path, edited)
        new = served.bodies[before:]
    assert new
    assert all("sports" in tagged(body["messages"][-1]["content"], "label") for body in new)
    assert len(new) <= paid / len(LABELS) + 1


def test_a_new_label_pays_for_itself_alone(tmp_path: Path) -> None:
    fewer = {name: TASK.labels[name] for name in LABELS[:-1]}
    with endpoint.serving(writer()) as served:
        write(served.url, tmp_path, TASK.model_copy(update={"labels": fewer}))
        before = len(served.bodies)
        write(served.url, tmp_path)
        new = served.bodies[before:]
    labels = {tagged(body["messages"][-1]["content"], "label") for body in new}
    assert labels == {LABELS[-1]}


def test_a_request_names_no_other_label(tmp_path: Path) -> None:
    with endpoint.serving(writer()) as served:
        write(served.url, tmp_path)
        bodies = served.bodies
    for body in bodies:
        message = body["messages"][-1]["content"]
        own = tagged(message, "label")
        others = [card.description for name, card in TASK.labels.items() if name != own]
        assert not any(description in message for description in others)


def test_each_text_has_a_hint_of_its_label(tmp_path: Path) -> None:
    """The subjects are a label's own, as the teacher named them; no text is like another."""
    with endpoint.serving(writer()) as served:
        write(served.url, tmp_path)
        bodies = served.bodies
    asked = [body["messages"][-1]["content"] for body in bodies if form(body) == "LabelledExamples"]
    assert asked
    for message in asked:
        lines = tagged(message, "hints").splitlines()
        assert len(set(lines)) == len(lines) == 3
        subjects = [re.match(r"about (.*) subject \d+, as ", line) for line in lines]
        assert {found and found[1] for found in subjects} == {tagged(message, "label")}
        assert len({line.partition(",")[0] for line in lines}) == 3
    named = [body for body in bodies if form(body) == "LabelSubjects"]
    assert len(named) == len(LABELS)


def test_subjects_are_not_asked_to_be_of_one_label_alone() -> None:
    """Else all praise would be of festivals and all blame of floods: the subject would tell."""
    instructions = load(ROOT / "config/prompts/classification.yaml", examples.TEMPLATES)
    for task in (TASK, tasks.find("sentiment", ROOT / "config/tasks")):
        words = {"question": task.question, "count": "24", "text_kind": task.text_kind}
        for label, card in task.labels.items():
            data = {"label": label, "description": card.description}
            asked = instructions.render("subjects", CARD, words, data)
            assert not re.search(r"no other|\bonly\b|alone|exclusive", asked)


def test_without_subjects_there_are_no_hints(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], before: int) -> Any:
        if form(body) == "LabelSubjects":
            return endpoint.completion("I cannot think of any.")
        return writer()(body, before)

    with endpoint.serving(answer) as served:
        rows = write(served.url, tmp_path, strategies=["language"])
        bodies = served.bodies
    assert sum(not row["failure"] for row in rows) == 6 * len(LABELS)
    assert not any("<hints>" in body["messages"][-1]["content"] for body in bodies)


def test_a_summary_that_does_not_come_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The description is shown in its place, of that label alone."""

    def answer(body: dict[str, Any], before: int) -> Any:
        message = body["messages"][0]["content"]  # a correction comes after it
        if form(body) == "Summary" and tagged(message, "label") == "sports":
            return endpoint.completion("I cannot.")
        return writer()(body, before)

    with endpoint.serving(answer) as served:
        write(served.url, tmp_path, strategies=["summaries"], self_check=False)
        asked = [body["messages"][-1]["content"] for body in served.bodies
                 if form(body) == "LabelledExamples"]  # fmt: skip
    lines = [line for line in capsys.readouterr().out.splitlines() if "summary" in line]
    assert lines == ["topic: no summary came of sports: its description stands in its place"]
    told = {tagged(text, "label"): tagged(text, "description") for text in asked}
    assert [label for label in LABELS if not told[label].startswith("notes on ")] == ["sports"]
    assert told["sports"] == TASK.labels["sports"].description


@pytest.mark.parametrize("apart", [False, True])
def test_a_label_without_seeds_shows_none(apart: bool, tmp_path: Path) -> None:
    """The other strategies have its requests, and descriptions where there is no other."""
    seeds = [seed for seed in SEEDS if seed["label"] != "sports"]
    changes: dict[str, Any] = {"apart": apart, "self_check": False}
    with endpoint.serving(writer()) as served:
        rows = write(served.url, tmp_path, seeds=seeds, strategies=["language"], **changes)
        both = ["language", "summaries"]
        some = write(served.url, tmp_path / "both", seeds=seeds, strategies=both, **changes)
        messages = [body["messages"][-1]["content"] for body in served.bodies]
    assert not any(re.search(r"<examples>\s*</examples>", text) for text in messages)
    for found, other in ((rows, "descriptions"), (some, "summaries")):
        assert {row["strategy"] for row in found if row["label"] == "sports"} == {other}
        assert sum(row["label"] == "sports" for row in found) == 6
    settings = select.Settings(examples=section(strategies=["language"], apart=apart), seed=1)
    kept, _ = select.select(rows, CARD, settings, select.of_the_test([]))
    assert {row["label"] for row in kept} == set(LABELS)


def test_english_is_shown_from_people_where_there_are_any(tmp_path: Path) -> None:
    """As many as in the language; a label that has none is shown the task's own examples."""
    english = [
        {"id": f"en-{label}-{number}", "text": f"Text {number} of {label}.", "label": label}
        for label in LABELS[1:]
        for number in range(4)
    ]
    changes: dict[str, Any] = {"strategies": ["english"], "demonstrations": 4, "hints": False}
    with endpoint.serving(writer()) as served:
        rows = write(served.url, tmp_path, english=english, **changes)
        asked = [body["messages"][-1]["content"] for body in served.bodies]
    shown = {row["label"]: row["demonstrations"] for row in rows}
    assert {label: len(ids) for label, ids in shown.items()} == {
        label: 4 if label in LABELS[1:] else len(TASK.labels[label].examples) for label in LABELS
    }
    texts = [tagged(text, "examples") for text in asked if "<examples>" in text]
    for label in LABELS[1:]:
        [own] = {text for text in map(sorted_lines, texts) if f"of {label}." in text}
        assert own == "\n".join(f"Text {number} of {label}." for number in range(4))


def sorted_lines(text: str) -> str:
    return "\n".join(sorted(text.splitlines()))


SEVEN = ["summaries", "english+summaries", "english+check", "language", "language+summaries",
         "language+check", "language+summaries+check"]  # fmt: skip


def test_seven_strategies_side_by_side(tmp_path: Path) -> None:
    """Each has its texts of each label; what two of them ask alike is paid once."""
    with endpoint.serving(writer()) as served:
        rows = write(
            served.url, tmp_path, strategies=SEVEN, apart=True, self_check=False, hints=False
        )
        asked = Counter(form(body) for body in served.bodies)
    good = Counter((row["strategy"], row["label"]) for row in rows if not row["failure"])
    assert good == {(name, label): 6 for name in SEVEN for label in LABELS}
    assert {row["strategy"] for row in rows if row["checked"]} == {
        name for name in SEVEN if name.endswith("+check")
    }
    assert len({row["id"] for row in rows}) == len(rows)
    # Two requests a label of each, but `language` and `language+summaries`, which `+check` shares.
    assert asked["LabelledExamples"] == 5 * 2 * len(LABELS)
    assert asked["Summary"] == len(LABELS)
    kept, funnel = select.select(
        rows, CARD, select.Settings(examples=section(strategies=SEVEN, apart=True), seed=1),
        select.of_the_test([]),
    )  # fmt: skip
    assert Counter((row["strategy"], row["label"]) for row in kept) == good
    assert {(step.name, step.came) for step in funnel} >= {("failed", len(rows))}


def test_refused_texts_are_asked_for_again_and_kept_as_failures(tmp_path: Path) -> None:
    with endpoint.serving(writer(lambda text: text.endswith("la 0"))) as served:
        rows = write(served.url, tmp_path, rounds=2)
    refused = [row for row in rows if row["failure"] == "self-check: no"]
    assert refused
    assert all(row["checked"] == "no" for row in refused)
    good = [row for row in rows if row["label"] == "sports" and not row["failure"]]
    assert len(good) >= 6


def test_the_self_check_is_asked_at_temperature_0(tmp_path: Path) -> None:
    with endpoint.serving(writer()) as served:
        write(served.url, tmp_path)
        asked = {(form(body), body["temperature"]) for body in served.bodies}
    own = endpoint.teacher().temperature
    assert own > 0
    assert asked == {
        ("Judgement", 0.0), ("LabelledExamples", own), ("LabelSubjects", own), ("Summary", own)
    }  # fmt: skip


def test_without_self_check_nothing_is_asked_twice(tmp_path: Path) -> None:
    with endpoint.serving(writer()) as served:
        write(served.url, tmp_path, self_check=False, hints=False, strategies=["descriptions"])
        assert {form(body) for body in served.bodies} == {"LabelledExamples"}
        assert served.requests == len(LABELS) * 2


def row(text: str, label: str = "a", **fields: Any) -> dict[str, Any]:
    own = {"id": digest(text, label), "text": text, "label": label, "failure": None}
    return {**own, **fields}


FILTERS = [
    ("kept", row("Timu ya mpira ilishinda jana"), None),
    ("failed", row("x", failure="length"), "length"),
    ("refused", row("Timu nyingine", failure="self-check: no"), "self-check: no"),
    ("signs alone", row("!!! ??"), "no word"),
    ("script", row("Команда выиграла вчера матч"), "other script"),
    ("name in another script", row("Timu ya Динамо ilishinda mechi ya jana usiku"), None),
    ("two labels", row("Maandishi ya mada mbili"), "two labels"),
    ("test text", row("Wao walisema: mvua kubwa ilinyesha mjini jana!"), "test text"),
    ("short test text", row("SAFI sana!"), "test text"),
    ("near duplicate", row("Timu ya mpira ilishinda jana!!"), "near duplicate"),
]


def test_filters() -> None:
    rows = [row for _, row, _ in FILTERS] + [row("Maandishi ya mada mbili", "b")]
    test = select.of_the_test([{"text": "Mvua kubwa ilinyesha mjini jana"}, {"text": "Safi sana"}])
    settings = select.Settings(examples=section(), seed=1)
    kept, funnel = select.select(rows, CARD, settings, test)
    texts = {row["text"] for row in kept}
    removed = {why for step in funnel for why in step.removed}
    for name, example, why in FILTERS:
        assert (example["text"] in texts) == (why is None), name
        assert why is None or why in removed, name
    assert next(step.came for step in funnel) == len(rows)


def test_near_texts_of_two_labels_both_stay() -> None:
    """A denial tells them apart; near texts of one label are one."""
    told = "Huduma ya hospitali ya wilaya yetu ilikuwa nzuri sana wiki iliyopita kwa kila mtu"
    denied = told.replace("ilikuwa nzuri", "haikuwa nzuri")
    rows = [row(told), row(denied, "b"), row(told + "!!")]
    settings = select.Settings(examples=section(), seed=1)
    kept, funnel = select.select(rows, CARD, settings, select.of_the_test([]))
    assert {(kept["text"], kept["label"]) for kept in kept} == {(told, "a"), (denied, "b")}
    assert [(step.name, step.came, step.left) for step in funnel][-1] == ("near_duplicates", 3, 2)
    near = NearDuplicates(0.8)
    for text in (told, denied):
        near.add([text])
    assert near.found() == {1: 0}, "they are near each other"


def test_more_than_asked_for_is_balanced() -> None:
    rows = [row(f"neno{i} jingine{i * 7} la tatu{i * 31}", "ab"[i % 3 == 0]) for i in range(90)]
    settings = select.Settings(examples=section(per_label=6), seed=1)
    kept, _ = select.select(rows, CARD, settings, select.of_the_test([]))
    assert sorted(row["label"] for row in kept) == ["a"] * 6 + ["b"] * 6


def test_texts_of_several_lines_are_told_apart() -> None:
    assert examples._listed(["moja", "mbili"]) == "moja\nmbili"
    assert examples._listed(["moja\nmbili", "tatu"]) == "moja\nmbili\n\ntatu"


@pytest.mark.parametrize("name", ["sentiment", "topic", "intent", "sarcasm"])
def test_the_instructions_serve_every_task(name: str, tmp_path: Path) -> None:
    task = tasks.find(name, ROOT / "config/tasks")
    with endpoint.serving(writer()) as served:
        rows = write(served.url, tmp_path, task, per_label=3)
    assert {row["label"] for row in rows if not row["failure"]} == set(task.names)
