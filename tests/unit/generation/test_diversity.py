"""People who ask, earlier topics that are shown, and overlap that is left out before it costs."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import endpoint
import habits
from limbeck import config
from limbeck.dataset import diversity
from limbeck.generation import asking, beside, personas, revise, topics, tree
from limbeck.generation.asking import Teacher
from limbeck.generation.beside import Beside
from limbeck.generation.instructions import load
from limbeck.generation.overlap import Different, grams, similarity
from limbeck.generation.tree import Node, Step

TOLD = load(habits.PROMPTS / "beside.yaml", beside.TEMPLATES)
TOPICS = load(habits.PROMPTS / "topics.yaml", topics.TEMPLATES)
LISTS = config.Lists(tries=1, short=0.0)
STEP = Step("topics", "Topics", "macro_topic", 4, "topic")


def of(people: list[str] | None = None, **values: Any) -> Beside:
    """What is beside requests, of a config that has all else off."""
    wanted = config.Diversity(**{**habits.OFF.model_dump(), **values})
    return Beside(TOLD, habits.CARD, wanted, people or [])


# Overlap


@pytest.mark.parametrize("threshold", [0.3, 0.65, 1.0])
@pytest.mark.parametrize("known", [True, False])
def test_no_overlap_is_missed(threshold: float, known: bool) -> None:
    drawn = random.Random(1)
    said = [" ".join(drawn.choices(habits.SUBJECTS, k=drawn.randint(1, 4))) for _ in range(400)]
    different = Different(threshold, said if known else ())
    kept: list[str] = []
    for text in said:
        like = different.earlier(text)
        near = [one for one in kept if similarity(grams(one), grams(text)) >= threshold]
        assert (like is not None) == bool(near)
        if like is None:
            kept.append(text)
    assert 20 < len(kept) < 400


def test_prompts_that_are_alike_are_not_paid_for() -> None:
    def row(prompt: str, strategy: str = "topic", failure: str | None = None) -> dict[str, Any]:
        return asking.prompt_row(strategy, "seed", "health", "t", prompt, failure)

    first = row("Ninawezaje kuhifadhi mahindi ghalani?")
    again = row("Ninawezaje kuhifadhi mahindi  GHALANI")
    other = row("Homa ya dengue huanza vipi?")
    about = [row(f"Maandishi {n}.\n\nFupisha maandishi haya.", "context") for n in range(3)]
    lost = row("", failure="length")
    rows = [first, again, other, *about, lost]
    assert revise.different(rows, 0.65) == [first, other, *about, lost]
    assert revise.different(rows, None) == rows


# What is shown


def grown(answer: endpoint.Answer, folder: Path, shown: Beside, nodes: list[Node]) -> Any:
    """The nodes that a stage has grown, and the requests for them."""
    with endpoint.serving(answer) as served:
        teacher = Teacher(
            endpoint.teacher(max_tokens=4096), endpoint.connection(served.url), folder / "j.jsonl"
        )
        found = shown.grow(nodes, STEP, LISTS, teacher, TOPICS)
    return found, [body["messages"][-1]["content"] for body in served.bodies]


def test_what_is_off_changes_no_request(tmp_path: Path) -> None:
    nodes = [Node("macro_topic", word) for word in habits.words("n", 30)]
    found, asked = grown(habits.answer, tmp_path, of(), nodes)
    plain = {tree.prompt(node, STEP, habits.CARD, TOPICS).messages[0]["content"] for node in nodes}
    assert set(asked) == plain
    assert len(found) == 30 * 4
    assert of().asking(nodes, 3) == nodes


def test_later_requests_show_what_is_there_and_bring_it_less(tmp_path: Path) -> None:
    nodes = [Node("macro_topic", word) for word in habits.words("n", 40)]
    found, asked = grown(habits.answer, tmp_path / "on", of(shown=10), nodes)
    shown = [habits.lines(text, "earlier") for text in asked]
    assert [len(lines) for lines in sorted(shown, key=len)] == [0] * 8 + [10] * 32
    every = {node.text for node in found}
    assert {line for lines in shown for line in lines} <= every
    without, _ = grown(habits.answer, tmp_path / "off", of(), nodes)
    assert len(every) > len({node.text for node in without})


def test_what_all_languages_share_is_shown(tmp_path: Path) -> None:
    shown = of(shown=10)
    shared = [Node("topic", text) for text in ("fever at night", "storing grain", "fishing boats")]
    shown.know([*shared, Node("topic", "lost", "length")])
    nodes = [Node("macro_topic", "boats for fishing")]
    _, [asked] = grown(habits.answer, tmp_path, shown, nodes)
    there = habits.lines(asked, "earlier")
    assert there[0] == "fishing boats"
    assert sorted(there) == sorted(node.text for node in shared)


def test_overlap_is_left_out_before_more_is_asked_about_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = [Node("macro_topic", word) for word in habits.words("n", 40)]
    found, _ = grown(habits.answer, tmp_path, of(overlap=0.65), nodes)
    without, _ = grown(habits.answer, tmp_path, of(), nodes)
    assert 40 < len(found) < len(without) == 160
    different = Different(0.65)
    assert not [node for node in [*nodes, *found] if different.earlier(node.text)]
    said = f"{160 - len(found)} of 160 are much like others, and left out"
    assert said in capsys.readouterr().err


def test_failures_stay_to_be_counted(tmp_path: Path) -> None:
    def nothing(body: endpoint.Body, before: int) -> Any:
        return endpoint.completion("I would rather not.")

    nodes = [Node("macro_topic", "a"), Node("macro_topic", "b", "length")]
    found, _ = grown(nothing, tmp_path, of(shown=5, overlap=0.6), nodes)
    assert [(node.kind, node.text) for node in found] == [("topic", "a")]
    assert found[0].failure


def test_people_are_shown_as_data() -> None:
    people = [f"A person {n} </people> of {n}" for n in range(9)]
    nodes = of(people, personas=9).asking([Node("topic", "rice"), Node("topic", "work")], 3)
    told = [habits.lines(node.beside, "people") for node in nodes]
    assert [len(lines) for lines in told] == [3, 3]
    assert told[0] != told[1]
    assert all("‹/people>" in line for lines in told for line in lines)


def stubborn(body: endpoint.Body, before: int) -> Any:
    """The same people, whatever is shown."""
    return endpoint.completion(json.dumps({"items": habits.words("people", 20)}))


@pytest.mark.parametrize(("answer", "described"), [(habits.answer, 50), (stubborn, 20)])
def test_people_are_described_once_each(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    answer: Callable[..., Any],
    described: int,
) -> None:
    with endpoint.serving(answer) as served:
        teacher = Teacher(
            endpoint.teacher(max_tokens=4096), endpoint.connection(served.url), tmp_path / "j.jsonl"
        )
        rows = personas.write(50, teacher, habits.CARD, TOLD)
    there = [row["text"] for row in rows if not row["failure"]]
    different = Different(0.6)
    assert not [text for text in there if different.earlier(text)]
    assert f"asked for 50 people, got {len(there)}" in capsys.readouterr().err
    assert 15 <= len(there) <= described
    assert served.requests <= 4


def test_a_teacher_of_habits_repeats_itself_less_for_the_money(tmp_path: Path) -> None:
    """At least 30% fewer near duplicates a dollar, and more of other rows."""
    found = {}
    for name, wanted in (("off", habits.OFF), ("on", habits.ON)):
        with endpoint.serving(habits.answer) as served:
            found[name] = habits.run(wanted, 2, tmp_path / name, served.url)
    off, on = found["off"], found["on"]
    assert off.near_duplicates > 50
    assert on.repeated < 0.7 * off.repeated
    assert on.different > 1.3 * off.different
    assert on.prompts.vendi > 1.5 * off.prompts.vendi
    assert on.prompts.openings < off.prompts.openings


# Measures


@pytest.mark.parametrize(
    ("texts", "vendi", "near", "openings"),
    [
        (["maji ya bahari"] * 4, 1.0, 0.75, 1.0),
        (["maji ya bahari", "kilimo bora", "shule zetu", "homa kali"], 4.0, 0.0, 0.0),
        (["maji ya bahari", "maji ya bahari ni chumvi", "homa kali"], None, 0.0, 2 / 3),
        (["ฉันต้องการทราบเกี่ยวกับข้าว", "ฉันต้องการทราบเกี่ยวกับปลาในแม่น้ำโขง"], None, 0.0, 0.0),
    ],
)
def test_measures(texts: list[str], vendi: float | None, near: float, openings: float) -> None:
    found = diversity.measured(texts)
    assert found is not None
    assert found.texts == len(texts)
    assert vendi is None or found.vendi == pytest.approx(vendi, abs=0.06)
    assert (found.near_duplicates, found.openings) == (
        pytest.approx(near, abs=0.001),
        pytest.approx(openings, abs=0.001),
    )


def test_nothing_is_measured_of_nothing() -> None:
    assert diversity.measured([]) is None
