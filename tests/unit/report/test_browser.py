"""The pages in a headless Chromium: no complaint, no request, a search that finds."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import report_browser as browser
import report_build as build
from limbeck.languages import resolve
from limbeck.report import index

pytestmark = pytest.mark.skipif(browser.CHROMIUM is None, reason="no Chromium on this machine")

WINDOWS = [
    ("desktop", 1280, False),
    ("desktop-dark", 1280, True),
    ("tablet", 1000, False),
    ("phone", 390, False),
    ("phone-dark", 390, True),
]
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
        build.write_classified(results / code / "classification", folder)
        _run(
            "report.write", "--folder", str(results / code),
            "--records", str(folder / "logs"),
            "--settings", build.settings(classification=["sentiment"]),
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


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: to be looked at, they are kept where LIMBECK_SCREENSHOTS says."""
    kept = os.environ.get("LIMBECK_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize(("window", "width", "dark"), WINDOWS)
@pytest.mark.parametrize("name", PAGES)
def test_a_browser_finds_nothing_to_complain_of(
    results: Path, chromium: browser.Browser, pictures: Path, name: str,
    window: str, width: int, dark: bool,
) -> None:  # fmt: skip
    chromium.requests.clear()
    chromium.open((results / f"{name}.html").as_uri(), width, 900, dark)
    picture = pictures / f"{name.replace('/', '-')}-{window}.png"
    chromium.screenshot(picture)
    assert picture.stat().st_size > 10_000
    assert chromium.unreadable() == []
    chromium.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert chromium.unreadable() == []
    # Of its window the page has what the upright scroll bar leaves.
    wide, room = (
        chromium.evaluate(f"document.documentElement.{side}Width") for side in ("scroll", "client")
    )
    assert wide <= room, f"the page is {wide} wide, and its window {room}"
    assert chromium.evaluate("document.title").startswith("Limbeck: ")
    assert chromium.complaints == []
    outside = [url for url in chromium.requests if not url.startswith(("file:", "data:"))]
    assert outside == []
    asked = {url for url in chromium.requests if url.startswith("file:")}
    assert asked == {(results / f"{name}.html").as_uri()}


WIDE = (
    '<div class="wide" style="width:300px;overflow-x:auto" aria-label="t">'
    "<table><tr>{}</table></div>"
)
UNREADABLE = [
    ('<div style="width:3em;overflow:hidden;white-space:nowrap">much too long</div>', "cut: "),
    ('<p style="margin-left:380px;white-space:nowrap">half of it</p>', "outside: "),
    ("<p>one</p><p style='margin-top:-2.4em'>other</p>", "on each other: "),
    (
        WIDE.format("<td><div style='width:290px'>name</div><td class=number>12.5"),
        "no figure in sight: ",
    ),
    (WIDE.format("<td>name<td class=number>12.5"), None),
]


@pytest.mark.parametrize(("body", "said"), UNREADABLE)
def test_what_cannot_be_read_is_found(
    chromium: browser.Browser, tmp_path: Path, body: str, said: str | None
) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><meta name=viewport content=width=device-width>{body}")
    chromium.open(page.as_uri(), 390, 900)
    found = chromium.unreadable()
    assert [one.startswith(str(said)) for one in found] == ([True] if said else [])


def test_the_leaderboard_is_searched_and_sorted(chromium: browser.Browser, tmp_path: Path) -> None:
    codes = ["swh_Latn", "yor_Latn", "cym_Latn", "amh_Ethi", "fao_Latn", "kin_Latn", "hau_Latn",
             "zul_Latn", "xho_Latn", "ibo_Latn", "sna_Latn", "som_Latn"]  # fmt: skip
    settings = index.Settings(**json.loads(build.board_settings(languages=codes)))
    scores = {
        (code, f"tiny/{form}", "sib200"): {
            "value": value, "interval": [value, value], "n": "9", "metric": "accuracy",
        }
        for number, code in enumerate(codes)
        for form, value in (("base", 1.0), ("student", float(number * 7 % 12)))
    }  # fmt: skip
    page = tmp_path / "index.html"
    page.write_text(index.render(scores, {}, settings), encoding="utf-8")
    chromium.open(page.as_uri(), 1280, 900)
    shown = (
        "[...document.querySelectorAll('.board tbody')].filter(one => !one.hidden)"
        ".map(one => one.querySelector('a').textContent).join()"
    )
    names = [resolve(code).name for code in codes]
    assert chromium.evaluate(shown) == ",".join(names)
    heads = "document.querySelectorAll('.board .sort')"
    chromium.evaluate(f"{heads}[0].click()")
    assert chromium.evaluate(shown) == ",".join(sorted(names))
    chromium.evaluate(f"{heads}[1].click()")
    order = sorted(range(12), key=lambda number: -(number * 7 % 12))
    assert chromium.evaluate(shown) == ",".join(names[number] for number in order)
    chromium.evaluate(f"{heads}[1].click()")
    assert chromium.evaluate(shown) == ",".join(names[number] for number in reversed(order))
    chromium.evaluate(
        "{const input = document.querySelector('.find input'); input.value = 'YORÙB';"
        "input.dispatchEvent(new Event('input', {bubbles: true}))}"
    )
    assert chromium.evaluate(shown) == "Yoruba"
    assert chromium.evaluate("document.querySelector('.find output').value") == "1 of 12"
    assert chromium.complaints == []


def test_a_script_of_the_teacher_is_text(results: Path, chromium: browser.Browser) -> None:
    chromium.open((results / "swh_Latn/report.html").as_uri(), 1280, 900)
    assert chromium.evaluate("document.title") == "Limbeck: Swahili"
    assert chromium.evaluate("document.scripts.length") == 1
    said = "[...document.querySelectorAll('.said')].filter(p => p.textContent.includes('<script>'))"
    assert chromium.evaluate(f"{said}.length") > 10
    assert chromium.complaints == []


SEARCHES: list[tuple[str, str, dict[str, str], str]] = [
    ("samples", "", {}, "60 of 60"),
    ("samples", "MAJI ng", {}, "20 of 60"),
    ("samples", "maji", {"strategy": "topic"}, "0 of 60"),
    ("samples", "", {"strategy": "topic"}, "20 of 60"),
    ("samples", "afya", {}, "40 of 60"),
    ("samples", "cow", {"strategy": "translation"}, "20 of 60"),
    ("samples", "no such word", {}, "0 of 60"),
    ("said", "", {}, "150 of 150"),
    ("said", "", {"benchmark": "belebele"}, "30 of 150"),
    ("said", "", {"verdict": "better"}, "150 of 150"),
    ("said", "", {"verdict": "worse", "benchmark": "belebele"}, "0 of 150"),
    ("said", "drunk MÀJI", {}, "150 of 150"),
]


def _search(chromium: browser.Browser, section: str, words: str, kinds: dict[str, str]) -> str:
    """Search in a section of the open page; what is said of it."""
    chromium.evaluate(
        f"{{const form = document.querySelector('#{section} form.search');"
        f"form.querySelector('[type=search]').value = {json.dumps(words)};"
        f"Object.entries({json.dumps(kinds)}).forEach(([name, value]) => "
        "{form.elements[name].value = value});"
        "form.dispatchEvent(new Event('input'))}"
    )
    return str(chromium.evaluate(f"document.querySelector('#{section} output').value"))


@pytest.mark.parametrize(("section", "words", "kinds", "said"), SEARCHES)
def test_the_search_finds(
    results: Path,
    chromium: browser.Browser,
    section: str,
    words: str,
    kinds: dict[str, str],
    said: str,
) -> None:
    chromium.open((results / "swh_Latn/report.html").as_uri(), 1280, 900)
    assert _search(chromium, section, words, kinds) == said
    samples = f"[...document.querySelectorAll('#{section} .sample')]"
    shown = f"{samples}.filter(one => !one.hidden).length"
    found = int(said.split(" ")[0])
    assert chromium.evaluate(shown) == min(found, 15)
    chromium.evaluate(f"document.querySelector('#{section} .more').click()")
    assert chromium.evaluate(shown) == found


def test_what_was_found_is_marked_whatever_its_accents(
    results: Path, chromium: browser.Browser
) -> None:
    chromium.open((results / "swh_Latn/report.html").as_uri(), 1280, 900)
    _search(chromium, "said", "maji", {"benchmark": "belebele"})
    marked = "[...new Set([...CSS.highlights.get('found')].map(String))].sort().join()"
    assert chromium.evaluate(marked) == "maji,máji"


def test_arabic_runs_from_right_to_left(results: Path, chromium: browser.Browser) -> None:
    chromium.open((results / "arb_Arab/report.html").as_uri(), 1280, 900)
    assert _search(chromium, "samples", "الصحة", {}) == "40 of 60"
    sides = (
        "[...document.querySelectorAll('#samples .sample')].slice(0, 3)"
        ".map(one => getComputedStyle(one.querySelector('.said[lang=ar]')).direction).join()"
    )
    assert chromium.evaluate(sides) == "rtl,rtl,rtl"
