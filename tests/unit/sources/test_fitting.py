"""Which conversations are translated: English, of words alone, of a bounded length."""

import json
from pathlib import Path
from typing import Any

import pytest

import real_texts
from limbeck import config, files
from limbeck.sources import conversations, english

QUESTION = "How can I keep the insects out of my stored grain without poison?"
ANSWER = "Dry it well in the sun, and seal it in bags that let no air in."
FRENCH = "Comment éloigner les insectes de mon grain stocké sans poison ?"
CODE = "```python\nfür = [eins for eins in zwei if eins not in drei]\n```"


def said(*contents: str) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(contents)]


@pytest.mark.parametrize(
    ("turns", "why"),
    [
        ((QUESTION, ANSWER), None),
        (("Hi", "Hello"), None),  # too short to be judged
        ((QUESTION, CODE), None),
        (("如何在没有农药的情况下保护储存的粮食免受昆虫侵害？", ANSWER), "not English"),
        (("¿Cómo puedo proteger el grano almacenado de los insectos?", "Sí."), "not English"),
        (("Wie schütze ich das gelagerte Getreide vor Insekten?", ANSWER), "not English"),
        (("Как защитить зерно от насекомых без яда?", "Высушите его."), "not English"),
        ((f"Translate this into French: {QUESTION} {ANSWER}", FRENCH), None),
        ((f"<image>\n{QUESTION}", ANSWER), "about a picture, a video or a sound"),
        (("What is wrong with this page? <img src='a.png'>", ANSWER), None),
        ((f"You have access to the following tools: search. {QUESTION}", ANSWER), "with tools"),
        ((QUESTION, '<tool_call>{"name": "search"}</tool_call>'), "with tools"),
    ],
)  # fmt: skip
def test_fit_to_be_translated(turns: tuple[str, ...], why: str | None) -> None:
    assert english.unfit(said(*turns)) == why


def test_real_english_stays_and_other_languages_go() -> None:
    def stays(code: str) -> float:
        lines = real_texts.flores(code)[:100]
        pairs = zip(lines[::2], lines[1::2], strict=True)
        return sum(english.unfit(said(*pair)) is None for pair in pairs) / 50

    assert stays("eng_Latn") == 1.0
    assert max(map(stays, ("fra_Latn", "swh_Latn", "rus_Cyrl", "zho_Hans", "som_Latn"))) <= 0.02


def test_long_ones_are_left_out_and_all_reasons_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "all.jsonl"
    rows: list[dict[str, Any]] = [
        {"messages": said(QUESTION, ANSWER)},
        {"messages": said(QUESTION, f"{ANSWER} " * 200)},
        {"messages": said("Как защитить зерно от насекомых без яда?", ANSWER)},
    ]
    files.write_jsonl(path, rows)
    settings = config.Conversations(
        source=str(path), name=None, revision=None, split="train", limit=10, max_bytes=8192
    )
    [row] = conversations.collect(settings, 1)
    assert row["messages"] == rows[0]["messages"], json.dumps(row)
    told = capsys.readouterr().err
    assert "1 rows left out: too long" in told
    assert "1 rows left out: not English" in told
