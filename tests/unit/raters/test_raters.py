"""Pairs for people: a page that shows no name, and how far they agree with each other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score

import report_browser as browser
from limbeck.cli import parser
from limbeck.errors import UserError
from limbeck.files import chance, read_json, write_json, write_jsonl
from limbeck.languages import resolve
from limbeck.raters import agreement, ratings

SCRIPT = "</script><script>document.title = 'broken'</script><img src=x onerror=alert(1)>"
MODELS = [["tiny/student", "tiny/base"], ["tiny/student", "teacher"]]


def row(number: int, models: list[str], verdict: str | None = "win", **more: Any) -> dict[str, Any]:
    """A judged pair; its answers say whose they are."""
    turns = ["Mtu anauliza nini?", "Na kisha?"] if number % 4 == 0 else [f"Swali {number} {SCRIPT}"]
    name = f"{number}-{MODELS.index(models)}"
    answers = [[f"{model.rpartition('/')[2][:4]}{n} {SCRIPT}" for n in range(len(turns))]
               for model in ("mine/aaaa", "its/bbbb")]  # fmt: skip
    return {
        "id": name, "question": str(number), "category": "talk", "turns": turns, "models": models,
        "answers": answers, "cut": [0, 0], "alike": False, "orders": [None, None],
        "verdict": verdict, "failure": None, **more,
    }  # fmt: skip


ROWS = [row(number, models) for models in MODELS for number in range(6)]


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The results of a build, in the working folder."""
    monkeypatch.chdir(tmp_path)
    alike = row(9, MODELS[0], "tie", alike=True)
    write_jsonl("results/swh_Latn/judgement/pairs.jsonl", [*ROWS, alike])
    write_json("results/swh_Latn/language.json", resolve("Swahili").card())
    return tmp_path / "results"


def limbeck(*arguments: str) -> int:
    options = parser().parse_args(["raters", *arguments])
    code: int = options.run(options)
    return code


# Verdicts of two raters on the same pairs: win, tie, loss; share and kappa by hand.
KAPPAS = [
    # Equal in all: share 1; chance (4 + 4 + 1) / 25.
    ("wwttl", "wwttl", 1.0, 1.0),
    # Equal in 6 of 10. Chance: w 5 x 6, t 3 x 2, l 2 x 2, of 100: 0.40. (0.6 - 0.4) / 0.6.
    ("wwwwwtttll", "wwwwtwwtll"[:10], 0.7, (0.7 - 0.40) / 0.60),
    # Never equal; chance 2 x 0 + 0 x 2 = 0.
    ("ww", "ll", 0.0, 0.0),
    # One rater says one thing alone: no better than chance.
    ("wwww", "wwtl", 0.5, 0.0),
    # Opposite on two kinds: share 0, chance (1 + 1) / 4.
    ("wl", "lw", 0.0, -1.0),
]
NAMES = {"w": "win", "t": "tie", "l": "loss"}


def verdicts(letters: str) -> dict[str, Any]:
    return {str(number): NAMES[letter] for number, letter in enumerate(letters)}


@pytest.mark.parametrize(("one", "other", "share", "kappa"), KAPPAS)
def test_kappa_by_hand_and_as_scikit_learn_has_it(
    one: str, other: str, share: float, kappa: float
) -> None:
    found = agreement.agreement(verdicts(one), verdicts(other))
    assert found["pairs"] == len(one)
    assert found["share"] == pytest.approx(share)
    assert found["kappa"] == pytest.approx(kappa)
    assert found["kappa"] == pytest.approx(cohen_kappa_score(list(one), list(other)))


def test_kappa_of_what_chance_alone_explains_is_none() -> None:
    assert agreement.agreement(verdicts("ww"), verdicts("ww"))["kappa"] is None
    nothing = agreement.agreement({"a": "win"}, {"b": "win"})
    assert nothing == {"pairs": 0, "share": None, "kappa": None}
    assert agreement.agreement(verdicts("wwl"), verdicts("ww"))["pairs"] == 2


def test_a_page_shows_each_pair_with_sides_by_chance() -> None:
    found = ratings.shown(ROWS, 1, None)
    assert sorted(one["id"] for one in found) == sorted(one["id"] for one in ROWS)
    assert [one["id"] for one in found] != [one["id"] for one in ROWS]
    turned = [one["first"][0].startswith("bbbb") for one in found]
    assert turned == [ratings.turned(one["id"], 1) for one in found]
    assert 2 <= sum(turned) <= len(turned) - 2
    assert found == ratings.shown(ROWS, 1, None)
    assert found != ratings.shown(ROWS, 2, None)
    assert {tuple(sorted(one)) for one in found} == {("first", "id", "second", "turns")}


def test_a_limit_is_of_questions_with_all_their_pairs() -> None:
    found = ratings.shown(ROWS, 1, 2)
    assert len(found) == 4
    assert len({one["id"].partition("-")[0] for one in found}) == 2


def saved(path: str, answers: dict[str, str], **changes: Any) -> str:
    file = {"form": ratings.FORM, "language": "swh_Latn", "page": "x", "seed": 1, "rater": path}
    write_json(path, {**file, "answers": answers, **changes})
    return path


def as_shown(verdict: str, pair: str, seed: int = 1) -> str:
    """What a rater says who means a verdict on the first model."""
    if verdict == "tie":
        return "tie"
    return "second" if (verdict == "win") == ratings.turned(pair, seed) else "first"


def test_raters_agree_with_each_other_and_the_judge(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    meant = {one["id"]: ("win", "tie", "loss")[n % 3] for n, one in enumerate(ROWS)}
    one = saved("a", {pair: as_shown(verdict, pair) for pair, verdict in meant.items()})
    # The other's page had another seed, so other sides; on one pair of three they say otherwise.
    said = {pair: "tie" if verdict == "loss" else verdict for pair, verdict in meant.items()}
    other = saved("b", {pair: as_shown(v, pair, 7) for pair, v in said.items()}, seed=7)
    assert limbeck("agree", one, other, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    between = {tuple(line["between"]): line for line in found["agreement"]}
    assert between["a", "b"]["pairs"] == 12
    assert between["a", "b"]["share"] == pytest.approx(2 / 3)
    # Chance: win 4 x 4, tie 4 x 8, of 144.
    assert between["a", "b"]["kappa"] == pytest.approx((2 / 3 - 1 / 3) / (2 / 3))
    assert between["a", "the judge"]["share"] == pytest.approx(1 / 3)
    judge = found["figures"]["the judge"]
    assert [one["tie"] for one in judge] == [0, 0], "no rater was shown the pair of equal answers"
    base, teacher = found["figures"]["a"]
    assert (base["models"], teacher["models"]) == (MODELS[0], MODELS[1])
    assert [base[key] for key in ("win", "tie", "loss", "win_rate")] == [2, 2, 2, 50.0]
    assert limbeck("agree", one, other) == 0
    table = capsys.readouterr().out
    assert "\na and b             12    67%  0.50\n" in table
    assert "tiny/student against tiny/base" in table


def test_the_judges_figures_are_of_what_a_rater_judged(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = [one["id"] for one in ROWS if one["models"] == MODELS[0]][:2]
    files = [
        saved(name, {pair: as_shown("loss", pair)}) for name, pair in zip("ab", pairs, strict=True)
    ]
    assert limbeck("agree", *files, "--json") == 0
    [judge] = json.loads(capsys.readouterr().out)["figures"]["the judge"]
    assert [judge[key] for key in ("win", "tie", "loss", "win_rate")] == [2, 0, 0, 100.0]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"answers": {"0-0": "first", "gone": "tie"}}, "1 of its 2 pairs are none of those"),
    ({"answers": {"0-0": "left"}}, r"answers\.0-0: this is no file that a page"),
    ({"form": "other"}, "form: this is no file"),
    ({"seed": "1"}, "seed: this is no file"),
    ({"more": 1}, "more: this is no file"),
    ({"language": "yor_Latn"}, "is of yor_Latn, and a of swh_Latn"),
    ({"rater": "a"}, "there is a file of the rater 'a' already"),
    ({"rater": "the judge"}, "there is a file of the rater 'the judge' already"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_a_file_of_something_else_is_told_in_one_line(
    results: Path, changes: dict[str, Any], message: str
) -> None:
    one = saved("a", {"0-0": "first"})
    other = saved("b", **{"answers": {"0-0": "first"}, **changes})
    with pytest.raises(UserError, match=message) as caught:
        limbeck("agree", one, other)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_told_in_one_line(results: Path) -> None:
    with pytest.raises(UserError, match=r"yor_Latn/judgement/pairs\.jsonl: no pairs are there"):
        limbeck("page", "Yoruba")
    with pytest.raises(UserError, match="--limit 0: at least 1"):
        limbeck("page", "Swahili", "--limit", "0")
    write_jsonl("results/swh_Latn/judgement/pairs.jsonl", [row(1, MODELS[0], alike=True)])
    with pytest.raises(UserError, match="all pairs of swh_Latn are of equal answers"):
        limbeck("page", "Swahili")
    Path("list.json").write_text("[]")
    with pytest.raises(UserError, match="the whole: this is no file"):
        limbeck("agree", "list.json")


def test_the_page_says_nothing_of_the_models(results: Path) -> None:
    assert limbeck("page", "Swahili") == 0
    text = Path("raters-swh_Latn.html").read_text()
    assert "<img" not in text
    assert text.count("<script") == 2  # the data and the page's own
    data = re.search(r'<script type="application/json" id="data">(.*)</script>', text)
    assert data
    assert not [name for names in MODELS for name in names if name in data[1]]
    assert json.loads(data[1])["pairs"] == ratings.shown(ROWS, 1, None)


@pytest.mark.skipif(browser.CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_rater_clicks_through_and_saves(results: Path, width: int, dark: bool) -> None:
    """Answers outlast a reload; what others wrote stays text; the saved file is read again."""
    assert limbeck("page", "Swahili", "--seed", "3") == 0
    page, down = results.parent / "raters-swh_Latn.html", results.parent / "saved"
    with browser.Browser(results.parent / "profile") as chromium:
        chromium.open(page.as_uri(), width, 800, dark)
        chromium.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(down))

        def text(id_: str) -> str:
            return str(chromium.evaluate(f"document.getElementById('{id_}').textContent"))

        def click(selector: str) -> None:
            chromium.evaluate(f"document.querySelector('{selector}').click()")

        assert text("number") == "Pair 1 of 12"
        assert chromium.unreadable() == []
        assert chromium.evaluate("document.documentElement.scrollWidth") <= width
        meant = {}
        for number, pair in enumerate(ratings.shown(ROWS, 3, None)):
            better = ("first", "tie", "second")[number % 3]
            for turn, asked in enumerate(pair["turns"]):
                assert asked in text("said")
                assert pair["first"][turn] in text("said")
            meant[pair["id"]] = better
            click(f"[data-better={better}]")
            if number == 5:
                chromium.open(page.as_uri(), width, 800, dark)
                assert text("number") == "Pair 7 of 12"
                assert text("place") == "6 of 12 judged"
                click("#back")
                assert chromium.evaluate(
                    "document.querySelector('[aria-pressed=true]').dataset.better"
                ) == better  # fmt: skip
                click("#next")
        assert text("state").startswith("All pairs are judged.")
        assert chromium.evaluate("document.getElementById('save').disabled")
        chromium.evaluate(
            "document.getElementById('rater').value = 'A. Ó';"
            "document.getElementById('rater').dispatchEvent(new Event('input'))"
        )
        assert chromium.unreadable() == []
        click("#save")
        path = down / "raters-swh_Latn-A-Ó.json"
        while not path.is_file():
            chromium.evaluate("1")
        assert chromium.evaluate("document.title") == "Limbeck: which answer is better?"
        assert chromium.complaints == []
        outside = [url for url in chromium.requests if not url.startswith(("file:", "data:"))]
        assert [url for url in outside if not url.startswith("blob:")] == []
    found = read_json(path)
    assert (found["rater"], found["answers"]) == ("A. Ó", meant)
    assert found["page"] == ratings.mark(ratings.shown(ROWS, 3, None), 3)
    own = ratings.verdicts(ratings.load(path), ROWS, path)
    for pair, better in meant.items():
        assert as_shown(own[pair], pair, 3) == better
    assert limbeck("agree", str(path)) == 0


def test_chance_is_even() -> None:
    turned = sum(ratings.turned(str(number), 1) for number in range(2000))
    assert turned == pytest.approx(1000, abs=100)
    assert chance("turned", 1, "a") == chance("turned", 1, "a")
