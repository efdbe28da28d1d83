"""The report of a small build: what it shows, what stays text, what it asks of the network."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import report_browser as browser
import report_build as build
from limbeck.report import charts


def _write(folder: Path, **changes: object) -> str:
    output = folder / "report.html"
    given = build.settings(folder / "results", **changes)
    command = [sys.executable, "-m", "limbeck.report.write", "--settings", given]
    subprocess.run([*command, "--output", str(output)], check=True)
    return output.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with results/ and report.html of two languages."""
    folder = tmp_path_factory.mktemp("build")
    build.write(folder / "results")
    build.write(folder / "results", "arb_Arab")
    _write(folder, languages=["swh_Latn", "arb_Arab"])
    return folder


@pytest.fixture
def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


SHOWN = [
    "The teacher of this build is a demonstrator, not a language model.",
    "failed requests: 1",
    "exact duplicate: 5",
    ">71.0<small>67.0–75.0</small>",
    "accuracy, %, n = 100",
    "GGUF Q4_K_M",
    "0.4 MB",
    "1\u202f234",
    "158 s",
    "FROM /",
    "llama-cli -m",
    "chrF2++|nrefs:1|version:2.6.0",
    "<dt>torch</dt><dd>2.13.0</dd>",
    "<dt>seed</dt><dd>1</dd>",
    'dir="auto"',
    "The cow drinks water.",
    "last training loss",
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
    assert [link for link in elements.links if not link.startswith(("#", "data:"))] == []


def test_the_page_is_the_same_at_every_run(folder: Path, page: str) -> None:
    assert _write(folder, languages=["swh_Latn", "arb_Arab"]) == page


def test_a_real_teacher_is_no_demonstrator(folder: Path, tmp_path: Path) -> None:
    build.write(tmp_path / "results")
    page = _write(tmp_path, teacher={"model": "gpt-oss-120b", "server": None})
    assert "demonstrator" not in page
    assert "gpt-oss-120b" in page


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    page = _write(tmp_path)
    assert "Kiswahili" in page
    assert "<h3>Scores" not in page


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 3.2, [0, 1, 2, 3]), (0, 100, [0, 50, 100]), (0, 7, [0, 2, 4, 6])],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert charts.nice_ticks(low, high) == ticks


def test_names_in_charts_are_escaped() -> None:
    assert "<b>" not in charts.intervals("<b>", [("<b>", 50.0, 40.0, 60.0, "base")])
    assert charts.lines([], "step", "loss") == ""


WINDOWS = [("desktop", 1280, False), ("dark", 1280, True), ("phone", 390, False)]


@pytest.mark.skipif(browser.CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_finds_nothing_to_complain_of(folder: Path, tmp_path: Path) -> None:
    url = (folder / "report.html").as_uri()
    with browser.Browser(tmp_path / "profile") as chromium:
        for name, width, dark in (
            ("desktop", 1280, False),
            ("dark", 1280, True),
            ("phone", 390, False),
        ):
            chromium.open(url, width, 900, dark)
            chromium.evaluate(
                "document.querySelectorAll('.sample').forEach((one, i) => one.open = i % 12 == 0)"
            )
            chromium.screenshot(tmp_path / f"{name}.png")
            wide = chromium.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name}: the page is {wide} wide"
        assert chromium.evaluate("document.title").startswith("Limbeck: ")
        shown = "[...document.querySelectorAll('#swh_Latn .sample')].filter(x => !x.hidden).length"
        every = chromium.evaluate(shown)
        chromium.evaluate(
            "{const box = document.querySelector('#swh_Latn input'); box.value = 'MAJI ng';"
            " box.dispatchEvent(new Event('input'))}"
        )
        found = chromium.evaluate(shown)
        assert (every, found) == (36, 12)
        assert chromium.complaints == []
        assert [
            asked for asked in chromium.requests if not asked.startswith(("file:", "data:"))
        ] == []
