"""Pages and cards of a build whose teacher, corpus and config mean ill, in a browser: inert."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import DatasetCard, ModelCard
from markdown_it import MarkdownIt

import report_browser as browser
import report_build as build
from limbeck.cards import common, dataset_card, model_card
from limbeck.files import read_json, read_jsonl, write_json, write_jsonl
from limbeck.report import index, render
from limbeck.report.collect import Settings, collect

pytestmark = pytest.mark.skipif(browser.CHROMIUM is None, reason="no Chromium on this machine")

BREAK = "document.title = 'broken'"
HOSTILE = [
    f"<script>{BREAK}</script>",
    f'<img src=x onerror="{BREAK}"><svg onload="{BREAK}"></svg>',
    f'"><a href="javascript:{BREAK}" onmouseover="{BREAK}">a</a>\' autofocus onfocus="{BREAK}',
    f"</script></style></title></textarea><script>{BREAK}</script>",
    '<iframe src="https://example.org/"></iframe><link rel=stylesheet href="https://example.org/">',
    f"![i](https://example.org/i.png) [l](javascript:{BREAK}) [r][x]\n\n[x]: javascript:{BREAK}\n",
    f"`` ` ``\n```\n<script>{BREAK}</script>\n| a | <b onclick={BREAK}>",
    "\n---\nlicense: evil\n---\n\n# heading\n",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "\u202egnp.exe\u2066 \x1b[2J\x1b]0;title\x07 \x00 \u2028 \ud83d".replace("\ud83d", "\ufffd"),
]
ALL = " ".join(HOSTILE)
# What is Limbeck's own in an artefact, not anybody's words.
OURS = {"id", "strategy", "role", "metric", "form", "bcp47", "direction"}
OURS |= {"code", "script", "iso639_1", "iso639_3"}


def poisoned(value: Any, key: str = "") -> Any:
    """A value all of whose words end in what is hostile."""
    if isinstance(value, dict):
        return {name: poisoned(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [poisoned(part, key) for part in value]
    return value + ALL if isinstance(value, str) and key not in OURS else value


HEAD = "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>Card</title>"
SETTINGS = {
    "students": {
        "tiny": {**build.STUDENT, "base": ALL, "merge": {"origin": ALL, "parts": {ALL: 1}}}
    },
    "teacher": {"model": ALL, "server": None},
    "sources": {"conversations": ALL, "texts": f"owner/name {ALL}"},
    "licenses": {"tiny": ALL},
    "published": {"sib200": {"hub": ALL, "licence": ALL, "citation": ALL}},
    "classification": ["sentiment"],
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, and the cards as a hub would show them that lets HTML through."""
    results = tmp_path_factory.mktemp("hostile")
    folder = results / "swh_Latn"
    build.write(results)
    for path in folder.rglob("*.json"):
        write_json(path, poisoned(read_json(path)))
    for path in folder.rglob("*.jsonl"):
        write_jsonl(path, map(poisoned, list(read_jsonl(path))))
    build.write_classified(folder / "classification", results)
    settings = Settings(**json.loads(build.settings(**SETTINGS)))
    (results / "report.html").write_text(render.render(settings, collect(folder, settings)))
    known = ("students", "teacher", "sources")
    own = dataset_card.Settings(
        students=["tiny"], **{key: getattr(settings, key) for key in known if key != "students"}
    )
    cards = {
        "model": model_card.card(folder, "tiny", settings),
        "dataset": dataset_card.card(folder, own),
    }
    for kind, card in cards.items():
        (results / f"{kind}.md").write_text(card, encoding="utf-8")
        body = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(shown_by_hub(card))
        (results / f"{kind}.html").write_text(HEAD + body, encoding="utf-8")
    board = index.Settings(**json.loads(build.board_settings(teacher=SETTINGS["teacher"])))
    (results / "index.html").write_text(index.render({}, {}, board), encoding="utf-8")
    return results


def shown_by_hub(card: str) -> str:
    """A card without its metadata."""
    return card.partition("\n---\n")[2]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    with browser.Browser(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


# What would act, or ask, if it were markup: our own script is the only one of a page.
ACTING = """[...document.querySelectorAll(
    'script, img, svg image, iframe, object, embed, base, form[action],'
    + 'link:not([rel=icon]), meta[http-equiv=refresh]'
)].length"""
HANDLERS = """[...document.querySelectorAll('*')].filter(one => [...one.attributes].some(
    ({name, value}) => name.startsWith('on') || /^\\s*(javascript|vbscript|data):(?!,)/i.test(value)
)).length"""


@pytest.mark.parametrize(
    ("name", "title", "scripts"),
    [
        ("report", "Limbeck: Swahili", 1),
        ("index", "Limbeck: languages", 1),
        ("model", "Card", 0),
        ("dataset", "Card", 0),
    ],
)
def test_a_browser_sees_no_script_but_ours(
    pages: Path, chromium: browser.Browser, name: str, title: str, scripts: int
) -> None:
    page = pages / f"{name}.html"
    chromium.requests.clear()
    chromium.complaints.clear()
    chromium.open(page.as_uri(), 1280, 900)
    chromium.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert "document.title" in page.read_text("utf-8")
    assert chromium.evaluate("document.title").startswith(title)
    assert chromium.evaluate(ACTING) == scripts
    assert chromium.evaluate(HANDLERS) == 0
    assert {url for url in chromium.requests if not url.startswith("data:")} == {page.as_uri()}
    assert chromium.complaints == []


@pytest.mark.parametrize(("kind", "form"), [("model", ModelCard), ("dataset", DatasetCard)])
def test_a_cards_metadata_is_ours(pages: Path, kind: str, form: Any) -> None:
    path = pages / f"{kind}.md"
    common.check(path, path.read_text("utf-8"), kind)
    data = form(path.read_text("utf-8")).data.to_dict()
    assert "limbeck" in data["tags"]
    assert data["license"] != "evil"


def test_links_of_cards_are_those_of_the_templates(pages: Path, chromium: browser.Browser) -> None:
    for kind in ("model", "dataset"):
        chromium.open((pages / f"{kind}.html").as_uri(), 1280, 900)
        hosts = chromium.evaluate("[...new Set([...document.links].map(one => one.host))]")
        assert set(hosts) <= {"arxiv.org", "huggingface.co"}
