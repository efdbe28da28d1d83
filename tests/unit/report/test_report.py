"""The page of a small build: what it shows, what stays text, and that it is stable."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import report_build as build
from limbeck.files import read_jsonl, write_json, write_jsonl
from limbeck.languages import resolve
from limbeck.report import charts, names, said
from limbeck.report import page as page_parts
from limbeck.report.timings import timings


def test_every_template_is_named() -> None:
    """What is not would be no input of a page: an edit of it would make none anew."""
    there = {path.name for path in page_parts.FOLDER.glob("*.html")}
    assert set(page_parts.TEMPLATES) == there


def test_answers_side_by_side() -> None:
    """Base, student and teacher, or what is right where none was asked; six items at most."""
    items = [said.Item("sib200", str(n), "q" * 700, "sports", judged=True) for n in range(7)]
    for item in items[1:]:
        item.add("tiny/student", "sports", 1.0)
        item.add("tiny/Q8_0", "sports", 1.0)
        item.add("tiny/base", "travel", 0.0)
    items[1].add("teacher", "sports", 1.0)
    called = names.models(["teacher", "tiny/base", "tiny/student", "tiny/Q8_0"], ["tiny"], "x")
    found = said.beside(items, called, "tiny")
    assert len(found) == 6
    assert {len(one["question"]) for one in found} == {602}
    answers = [(one["who"], one["text"], one["score"], one["right"]) for one in found[0]["answers"]]
    assert answers == [
        ("base", "travel", "wrong", False),
        ("student", "sports", "right", True),
        ("teacher (x)", "sports", "right", True),
    ]
    assert found[1]["answers"][-1]["who"] == "wanted"
    assert said.beside(items, called, "other") == []


def _write(folder: Path, code: str = "swh_Latn", **changes: object) -> str:
    output = folder / "results" / code / "report.html"
    subprocess.run(
        [
            sys.executable, "-m", "limbeck.report.write",
            "--folder", str(folder / "results" / code), "--records", str(folder / "logs"),
            "--settings", build.settings(**changes), "--output", str(output),
        ],
        check=True,
    )  # fmt: skip
    return output.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with results/ and benchmarks/ of two languages."""
    folder = tmp_path_factory.mktemp("build")
    for code in ("swh_Latn", "arb_Arab"):
        build.write(folder / "results", code)
    build.write_timings(folder / "logs")
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return _write(folder)


SHOWN = [
    "The teacher of this build is a demonstrator, not a language model.",
    "failed requests: 1",
    "exact duplicate: 5",
    "length ratio<br><small>0.4 to 3</small>",
    ">71.0<small>67.0–75.0</small>",
    '<span class="before">3.0</span>',
    "chrF++<br>+68.0 [+60.0, +76.0]",
    "accuracy, %<br>no difference shown",
    "accuracy, %, n = 100",
    "GGUF Q4_K_M",
    "0.4 MB",
    "<strong>1\u202f234</strong> training rows",
    "<dt>rows too long, dropped</dt><dd>4</dd>",
    "<dt>training time</dt><dd>3 min</dd>",
    "gguf/Modelfile\nollama run limbeck-sw",
    "llama-cli -m",
    "chrF2++|nrefs:1|version:2.6.0",
    "<dt>torch</dt><dd>2.13.0</dd>",
    "<dt>seed</dt><dd>1</dd>",
    "<dt>texts</dt><dd>HuggingFaceFW/fineweb-2 swh_Latn</dd>",
    'dir="ltr" lang="sw"',
    "The cow drinks water.",
    "last training loss",
    "size of the file, MB",
    "guessing",
    "(Vendi score)</dt><dd>23 of 41</dd>",
    'scores <small>2 jobs</small></th><td class="number">30 s</td>',
    '<td class="number">1.25</td>',
    "40 open questions were answered by two models each",
    "Not translated, and left out: 2.",
    "student against base",
    "<strong>87.2</strong><small>73.3–94.4</small>",
    "13% first<small>5% second</small>",
    "<small>3 of them alike</small>",
    "student against teacher (phrasebook)",
    "Answers that hit their limit of tokens: 2 and 40.",
]


@pytest.mark.parametrize("text", SHOWN)
def test_the_page_shows(text: str, page: str) -> None:
    assert text in page


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attributes if name in {"src", "href"}]


def test_markup_of_a_teacher_stays_text_and_nothing_is_fetched(page: str) -> None:
    elements = _Elements()
    elements.feed(page)
    assert elements.tags.count("script") == 1
    assert "&lt;script&gt;document.title" in page
    outside = [link for link in elements.links if not link.startswith(("#", "data:"))]
    assert outside == ["../index.html", "../scores.tsv"]


def test_the_page_is_the_same_at_every_run(folder: Path, page: str) -> None:
    assert _write(folder) == page


def test_the_page_says_what_lost_lists_cost(tmp_path: Path) -> None:
    build.write(tmp_path / "results")
    path = tmp_path / "results/swh_Latn/topics.jsonl"
    lost = {"id": "x", "failure": "short", "lost": 60}
    write_jsonl(path, [*read_jsonl(path), lost])
    page = _write(tmp_path, prompts={"topics": 100})
    assert "asked for 100, got 40, failed requests: 1, of 60 prompts" in page


def test_a_script_from_right_to_left(folder: Path) -> None:
    page = _write(folder, "arb_Arab")
    assert '<p class="said " dir="rtl" lang="ar">اكتب لي عن الصحة.' in page
    assert 'dir="ltr" lang="en"><small>user, English</small>The cow drinks water.' in page


def test_a_real_teacher_is_no_demonstrator(tmp_path: Path) -> None:
    build.write(tmp_path / "results")
    page = _write(tmp_path, teacher={"model": "gpt-oss-120b", "server": None})
    assert "demonstrator" not in page
    assert "gpt-oss-120b" in page


@pytest.mark.parametrize(
    ("judge", "said", "not_said"),
    [
        ({"model": "other", "server": None}, "judged, without their names", "lenient"),
        ({"model": "big", "server": None}, "It is the teacher of these students, too", "a rule"),
        (
            {"model": "phrasebook", "server": "phrasebook"},
            "which is no judge: it counts",
            "judged,",
        ),
        (None, "</html>", "Judged in pairs"),
    ],
)
def test_the_page_says_who_judged(
    tmp_path: Path, judge: dict[str, str] | None, said: str, not_said: str
) -> None:
    build.write(tmp_path / "results")
    page = _write(tmp_path, judge=judge, teacher={"model": "big", "server": None})
    assert said in page
    assert not_said not in page


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    write_json(tmp_path / "results/swh_Latn/language.json", resolve("Swahili").card())
    page = _write(tmp_path)
    assert "Kiswahili" in page
    assert "<h2>Scores" not in page
    assert "<h2>Time and cost" not in page


def test_stages_come_in_the_order_of_the_flow(folder: Path) -> None:
    spent = {"replies": 7, "prompt_tokens": 1, "completion_tokens": 2, "dollars": None}
    models = ["tiny/base", "tiny/F16"]
    found = timings(folder / "logs", {"stages": {"score-sib200": spent}}, models)
    assert [timing.label for timing in found] == ["prompts from topics", "training", "scores"]
    assert (found[2].jobs, found[2].seconds, found[2].megabytes) == (2, 30.0, 500.0)
    assert (found[2].replies, found[2].tokens, found[2].dollars) == (7, 3, None)


def test_a_base_that_two_students_share_took_its_time_once(tmp_path: Path) -> None:
    build.write_timings(tmp_path)
    base = tmp_path / "scores/tiny/base/sib200/score_model.tsv"
    other = tmp_path / "scores/other/base/sib200" / base.name
    other.parent.mkdir(parents=True)
    other.write_bytes(base.read_bytes())
    models = ["tiny/base", "tiny/F16", "other/base"]
    assert timings(tmp_path, {}, models)[-1].seconds == 30.0
    found = {one.label: one.seconds for one in timings(tmp_path, {}, ["other/base"])}
    assert found == {"prompts from topics": 61.5, "scores": 10.0}, "what an earlier config made"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 3.2, [0, 1, 2, 3]), (0, 100, [0, 50, 100]), (0, 7, [0, 2, 4, 6])],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert charts.nice_ticks(low, high) == ticks


def test_names_in_charts_are_escaped() -> None:
    assert "<b>" not in charts.intervals("<b>", [("<b>", 50.0, 40.0, 60.0, "base")], "<b>", 25.0)
    assert "<b>" not in charts.sizes([("<b>", [50.0])], [("<b>", 1.0)], "<b>")
    assert charts.lines([], "step", "loss") == ""


def test_labels_of_near_curves_do_not_cover_each_other() -> None:
    assert charts._spread([100.0, 90.0, 102.0], 15.0) == [105.0, 90.0, 120.0]


@pytest.mark.parametrize(
    ("model", "called"),
    [
        ("teacher", "teacher (t)"),
        ("a/base", "base"),
        ("a/thinking", "student, thinking"),
        ("a/Q8_0", "GGUF Q8_0"),
        ("comparisons/granite", "granite"),
    ],
)
def test_models_are_called(model: str, called: str) -> None:
    assert names.models([model], ["a"], "t") == {model: called}
    assert list(names.models(["teacher", "a/base"], ["a", "b"], "t").values()) == [
        "a: base",
        "teacher (t)",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (61, "61 s"), (276, "5 min"), (7300, "2 h 2 min")],
)
def test_durations(seconds: float, said: str) -> None:
    assert names.duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (True, ""),
        (0.9, "0.9"),
        ([0.4, 3.0], "0.4 to 3"),
        ({"words": 9, "model": None, "bounds": [1.0, 2.5]}, "words 9, bounds 1 to 2.5"),
    ],
)
def test_thresholds_are_said(value: object, said: str) -> None:
    assert names.setting(value) == said
