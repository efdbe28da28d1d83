"""`limbeck teacher assess`: a good teacher, and endpoints that are bad in one way each."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import endpoint
from limbeck import cli, config
from limbeck.assessment import measures
from limbeck.dataset import diversity
from limbeck.errors import UserError
from limbeck.files import digest, read_json
from limbeck.languages import resolve

ROOT = Path(__file__).parents[3]
SWAHILI, AMHARIC = resolve("Swahili").card(), resolve("Amharic").card()
FILTERS = config.load(yaml.safe_load((ROOT / "config/config.yaml").read_text())).filters
LETTERS = "ሀለሐመሠረሰሸቀበተቸኀነኘአከኸወዐዘዠየደጀገጠጨጰጸፀፈፐ"


def amharic(key: str) -> str:
    """Letters that differ from key to key; Amharic by their script alone."""
    digits = "".join(digest(key, part) for part in range(6))
    words = (digits[start : start + 5] for start in range(0, len(digits), 5))
    return " ".join("".join(LETTERS[int(digit, 16)] for digit in word) for word in words)


def teacher(write: Callable[[str], str]) -> endpoint.Answer:
    """An endpoint that keeps every form; ``write`` makes each text from what was asked."""

    def answer(body: endpoint.Body, before: int) -> Any:
        if "response_format" not in body:
            return endpoint.completion(write(body["messages"][-1]["content"]))
        content = body["messages"][0]["content"]
        form = body["response_format"]["json_schema"]
        if form["name"] in ("Translation", "BackTranslation"):
            inside = content.partition("<conversation>")[2].partition("</conversation>")[0]
            turns = json.loads(inside)
            if form["name"] == "Translation":  # the original in disguise, so that it can come back
                turns = [{**turn, "content": f"ሀ {turn['content']}"} for turn in turns]
            else:
                turns = [{**turn, "content": turn["content"][2:]} for turn in turns]
            return endpoint.completion(json.dumps({"messages": turns}))
        count = form["schema"]["properties"]["items"]["minItems"]
        items = [write(f"{content} {number}") for number in range(count)]
        return endpoint.completion(json.dumps({"items": items}))

    return answer


def mute(body: endpoint.Body, before: int) -> Any:
    """Half of the requests get no reply in their form, nor when they are put right."""
    if "response_format" in body and int(digest(body["messages"][0]), 16) % 2:
        return endpoint.completion("I would rather not.")
    return teacher(amharic)(body, before)


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> list[dict[str, Any]]:
    """The figures that the command writes, run in a folder with the project's config."""
    if not (folder / "config").exists():
        shutil.copytree(ROOT / "config", folder / "config")
    monkeypatch.chdir(folder)
    given = ["teacher", "assess", "--prompts", "64", "--json", "found.json", *options]
    parsed = cli.parser().parse_args(given)
    assert parsed.run(parsed) == 0
    found: list[dict[str, Any]] = read_json("found.json")
    return found


def at(folder: Path, url: str, **changes: Any) -> list[str]:
    """The options for a config whose teacher is at an endpoint; the language is Amharic."""
    (folder / "texts.txt").write_text("ሰላም")
    generator = {"model": "m", "server": None, "url": url, "structured": "json_schema"}
    own = {
        "languages": ["Amharic"],
        "teacher": {"generator": {**generator, "retries": 0}},
        "texts": {"source": str(folder / "texts.txt")},
        "benchmarks": {"run": []},
        "classification": {"tasks": []},
        **changes,
    }
    (folder / "my.yaml").write_text(yaml.safe_dump(own))
    return ["--configfile", str(folder / "my.yaml")]


def test_the_phrasebook_is_assessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [one] = run(tmp_path, monkeypatch)
    assert (one["language"], one["model"]) == ("swh_Latn", "phrasebook")
    assert one["roles"] == ["generator", "translator", "reviser", "judge"]
    assert (one["rows"], one["calls"], one["failures"]) == (64, 16 + 64 + 2 * 16, {})
    assert 0.93 < one["in_language"] < 0.97  # prompts quote English labels, and ask for English
    assert one["round_trip"] > 99
    assert 32 <= one["usable"] < 64
    assert one["dollars"] == one["dollars_per_row"] == 0.0
    assert 0.3 < one["distinct"] < 0.9
    printed = capsys.readouterr().out
    assert "phrasebook" in printed
    assert "generator, translator, reviser, judge" in printed
    assert len(list(Path("work/journal/assess/swh_Latn").glob("*.jsonl"))) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (teacher(amharic), {"in_language": (1, 1), "usable": (64, 64), "round_trip": (99, 100)}),
        (teacher(lambda key: f"I am sorry, {digest(key)}."), {"in_language": (0, 0)}),
        (
            teacher(lambda key: amharic(key[-2:] if key[-1].isdigit() else "the same")),
            {"in_language": (1, 1), "usable": (1, 1), "self_similarity": (0.4, 1)},
        ),
        (mute, {"failed": (0.2, 0.8)}),
        (lambda body, before: endpoint.completion("No."), {"failed": (1, 1), "rows": (0, 0)}),
    ],
    ids=["good", "English", "the same answer", "no form", "nothing"],
)
def test_bad_endpoints_are_seen(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: endpoint.Answer,
    expected: dict[str, tuple[float, float]],
) -> None:
    with endpoint.serving(answer) as served:
        prices = {"m": {"input": 1.0, "output": 1000.0}}
        options = at(tmp_path, served.url, prices=prices)
        [one] = run(tmp_path, monkeypatch, *options)
        asked = served.requests
        assert run(tmp_path, monkeypatch, *options) == [one]
        assert served.requests == asked  # all of it is in the journal
    one["failed"] = sum(one["failures"].values()) / one["calls"]
    for name, (low, high) in expected.items():
        assert low <= one[name] <= high, (name, one)
    if not one["usable"]:
        assert one["dollars_per_row"] is None
    else:
        # Calls that brought nothing are paid for, too.
        cost = 1e-6 * one["prompt_tokens"] + 1e-3 * one["completion_tokens"]
        assert one["dollars"] == pytest.approx(cost)
        assert 0 < one["dollars_per_row"] < cost / one["usable"]


def test_english_is_seen_where_the_script_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with endpoint.serving(teacher(lambda key: f"{ENGLISH} I am sorry, {digest(key)}.")) as served:
        options = at(tmp_path, served.url, languages=["Swahili"])
        [one] = run(tmp_path, monkeypatch, *options)
    assert (one["in_language"], one["usable"]) == (0.0, 0)


def test_teachers_stand_beside_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint.serving(teacher(amharic)) as served:
        options = at(tmp_path, served.url)
        found = run(tmp_path, monkeypatch, *options, "--model", "one", "--model", "two")
        assert [(one["model"], one["roles"]) for one in found] == [("one", []), ("two", [])]
        assert {body["model"] for body in served.bodies} == {"one", "two"}
        assert found[0]["dollars"] is None
        own = yaml.safe_load((tmp_path / "my.yaml").read_text())
        own["teacher"]["translator"] = {"model": "other"}
        own["teacher"]["judge"] = {"temperature": 0.0}
        (tmp_path / "my.yaml").write_text(yaml.safe_dump(own))
        found = run(tmp_path, monkeypatch, *options)
    roles = {one["model"]: one["roles"] for one in found}
    assert roles == {"m": ["generator", "reviser", "judge"], "other": ["translator"]}


def test_no_prompts_are_refused() -> None:
    parsed = cli.parser().parse_args(["teacher", "assess", "--prompts", "0"])
    with pytest.raises(UserError, match="--prompts 0"):
        parsed.run(parsed)


# Measures


LONG = "Watoto wengi wa kijiji chetu huenda shuleni kwa miguu kila siku asubuhi na mapema."
ENGLISH = "Most of the children of our village walk to school every day early in the morning."
CREOLE = resolve("Kabuverdianu").card()


@pytest.mark.parametrize(
    ("text", "card", "told"),
    [
        ("ሰላም ለሁላችሁም ይሁን ዛሬ ደግሞ", AMHARIC, None),  # too short to be judged
        ("Hello there, my friends", AMHARIC, False),  # not by its script
        ("123", AMHARIC, None),
        (LONG, SWAHILI, True),
        (ENGLISH, SWAHILI, False),
        (ENGLISH, CREOLE, True),  # which py3langid does not know: by script alone
    ],
)
def test_in_language(text: str, card: dict[str, Any], told: bool | None) -> None:
    assert measures.language_test(card, FILTERS)(text) is told


def test_an_identifier_that_does_not_know_the_language_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    measures.language_test(CREOLE, FILTERS)
    assert "py3langid does not know kea_Latn" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("texts", "distinct", "similarity"),
    [
        ([], None, None),
        (["abcdefgh"], 1.0, None),
        (["abcdefgh", "abcdefgh"], 0.5, 1.0),
        (["abcdefgh", "ijklmnop"], 1.0, 0.0),
        (["abcdefghi", "abcdefghj"], 0.75, 1 / 3),
        (["Abc", "abc "], 0.5, 1.0),
    ],
)
def test_diversity(texts: list[str], distinct: float | None, similarity: float | None) -> None:
    assert diversity.distinct(texts) == distinct
    assert measures.self_similarity(texts) == (similarity and pytest.approx(similarity))


def test_usable_rows() -> None:
    def row(response: str, failure: str | None = None) -> dict[str, Any]:
        return {"prompt": "Nini?", "response": response, "failure": failure}

    good = [row("Mvua."), row("Jua."), row("42")]
    bad = [
        row("mvua. "),
        row("Дождь идет весь день"),
        row(ENGLISH),
        row("", "length"),
        row("na tena " * 9),
    ]
    assert measures.usable([*good, *bad], measures.language_test(SWAHILI, FILTERS)) == good
