"""The pages in a headless Chromium: no complaint, no request, a search that finds."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import report_browser as browser
import report_build as build

pytestmark = pytest.mark.skipif(browser.CHROMIUM is None, reason="no Chromium on this machine")

WINDOWS = [("desktop", 1280, False), ("dark", 1280, True), ("phone", 390, False)]
PAGES = ["swh_Latn/report", "arb_Arab/report", "index"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of two languages, and the leaderboard."""
    folder = tmp_path_factory.mktemp("pages")
    build.write_timings(folder / "logs")
    results = folder / "results"
    languages = ["swh_Latn", "arb_Arab"]
    listed = {"languages": languages, "models": build.MODELS, "benchmarks": build.BENCHMARKS}
    for code in languages:
        build.write(results, code)
        _run(
            "report.write", "--folder", str(results / code),
            "--records", str(folder / "logs"), "--settings", build.settings(),
            "--output", str(results / code / "report.html"),
        )  # fmt: skip
    table = str(results / "scores.tsv")
    settings = json.dumps(listed)
    _run(
        "report.collect_scores",
        "--results",
        str(results),
        "--settings",
        settings,
        "--output",
        table,
    )
    page = str(results / "index.html")
    settings = build.board_settings()
    _run(
        "report.index", "--scores", table, "--results", str(results), "--settings", settings,
        "--output", page,
    )  # fmt: skip
    return results


def _run(module: str, *options: str) -> None:
    subprocess.run([sys.executable, "-m", f"limbeck.{module}", *options], check=True)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    with browser.Browser(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.mark.parametrize("name", PAGES)
def test_a_browser_finds_nothing_to_complain_of(
    results: Path, chromium: browser.Browser, tmp_path: Path, name: str
) -> None:
    chromium.requests.clear()
    for window, width, dark in WINDOWS:
        chromium.open((results / f"{name}.html").as_uri(), width, 900, dark)
        chromium.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        picture = tmp_path / f"{window}.png"
        chromium.screenshot(picture)
        assert picture.stat().st_size > 10_000
        wide = chromium.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{window}: the page is {wide} wide"
    assert chromium.evaluate("document.title").startswith("Limbeck: ")
    assert chromium.complaints == []
    outside = [url for url in chromium.requests if not url.startswith(("file:", "data:"))]
    assert outside == []
    asked = {url for url in chromium.requests if url.startswith("file:")}
    assert asked == {(results / f"{name}.html").as_uri()}


def test_a_script_of_the_teacher_is_text(results: Path, chromium: browser.Browser) -> None:
    chromium.open((results / "swh_Latn/report.html").as_uri(), 1280, 900)
    assert chromium.evaluate("document.title") == "Limbeck: Swahili"
    assert chromium.evaluate("document.scripts.length") == 1
    said = "[...document.querySelectorAll('.said')].filter(p => p.textContent.includes('<script>'))"
    assert chromium.evaluate(f"{said}.length") > 10
    assert chromium.complaints == []


SEARCHES = [
    ("", "", "60 of 60"),
    ("MAJI ng", "", "20 of 60"),
    ("maji", "topic", "0 of 60"),
    ("", "topic", "20 of 60"),
    ("afya", "", "40 of 60"),
    ("cow", "translation", "20 of 60"),
    ("no such word", "", "0 of 60"),
]


@pytest.mark.parametrize(("words", "strategy", "said"), SEARCHES)
def test_the_search_finds(
    results: Path, chromium: browser.Browser, words: str, strategy: str, said: str
) -> None:
    chromium.open((results / "swh_Latn/report.html").as_uri(), 1280, 900)
    chromium.evaluate(
        "{const form = document.querySelector('form.search');"
        f"form.querySelector('[type=search]').value = {json.dumps(words)};"
        f"form.elements.strategy.value = {json.dumps(strategy)};"
        "form.dispatchEvent(new Event('input'))}"
    )
    assert chromium.evaluate("document.querySelector('form.search output').value") == said
    shown = "[...document.querySelectorAll('.sample')].filter(one => !one.hidden).length"
    found = int(said.split(" ")[0])
    assert chromium.evaluate(shown) == min(found, 15)
    chromium.evaluate("document.querySelector('.more').click()")
    assert chromium.evaluate(shown) == found


def test_arabic_runs_from_right_to_left(results: Path, chromium: browser.Browser) -> None:
    chromium.open((results / "arb_Arab/report.html").as_uri(), 1280, 900)
    chromium.evaluate(
        "{const form = document.querySelector('form.search');"
        "form.querySelector('[type=search]').value = 'الصحة';"
        "form.dispatchEvent(new Event('input'))}"
    )
    assert chromium.evaluate("document.querySelector('form.search output').value") == "40 of 60"
    sides = (
        "[...document.querySelectorAll('.sample')].slice(0, 3).map(one => getComputedStyle("
        "one.querySelector('.said[lang=ar]')).direction).join()"
    )
    assert chromium.evaluate(sides) == "rtl,rtl,rtl"
