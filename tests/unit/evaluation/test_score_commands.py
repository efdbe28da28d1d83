"""The commands ``limbeck score`` and ``limbeck compare``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tiny_checkpoint
from limbeck import cli
from limbeck.errors import UserError
from limbeck.files import read_json, read_parquet, write_json, write_parquet
from translations import PAIRS, command_line, sentences


def run(*arguments: object) -> None:
    options = cli.parser().parse_args([str(argument) for argument in arguments])
    assert options.run(options) == 0


def test_text_files_score_as_with_sacrebleu(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hypotheses = [line for code, _ in PAIRS for line in sentences(code)]
    references = [line for _, code in PAIRS for line in sentences(code)]
    assert len(references) >= 2000
    theirs = [command_line(tmp_path, hypotheses, references, words) for words in (2, 0)]
    run("score", tmp_path / "hyp", tmp_path / "ref", "--output", tmp_path / "score.json")
    found = read_json(tmp_path / "score.json")
    assert f"{found['value']:.10f}" == f"{theirs[0]:.10f}"
    assert f"{found['metrics']['chrF']:.10f}" == f"{theirs[1]:.10f}"
    printed = capsys.readouterr().out
    assert f"chrF++\t{theirs[0]:.2f} [" in printed
    assert f"chrF\t{theirs[1]:.2f}\n" in printed
    assert "chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:" in printed


def test_spbleu_where_its_tokenizer_is(tmp_path: Path) -> None:
    """sacrebleu finds a SentencePiece model in the place of its own, which must be fetched."""
    import sentencepiece

    lines = [f"sentensi ya {n} ni ndefu kuliko {n * 7}" for n in range(200)]
    (tmp_path / "models").mkdir()
    (tmp_path / "text").write_text("\n".join(lines), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "text"), model_prefix=str(tmp_path / "m"), vocab_size=60
    )
    (tmp_path / "m.model").rename(tmp_path / "models" / "flores200sacrebleuspm")
    (tmp_path / "hyp").write_text("\n".join(lines).replace("ndefu", "fupi"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "limbeck.cli", "score", "hyp", "text"], cwd=tmp_path,
        env={"SACREBLEU": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "sacrebleu",
        "text",
        "-i",
        "hyp",
        "-tok",
        "flores200",
        "-w",
        "2",
    ]
    theirs = subprocess.run(
        command, cwd=tmp_path, env={"SACREBLEU": str(tmp_path)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert f"spBLEU\t{json.loads(theirs.stdout)['score']:.2f}\n" in done.stdout
    assert "left out" not in done.stdout


WRONG = {
    "no files": (["score"], "HYPOTHESES REFERENCES are wanted"),
    "one file": (["score", "a"], "HYPOTHESES REFERENCES are wanted"),
    "no language": (["score", "--model", "x", "--benchmark", "sib200"], "--language"),
    "both": (["score", "a", "--model", "x", "--benchmark", "sib200", "--language", "sw"], "or"),
    "lengths": (["score", "two", "one"], "two has 2 lines and one 1"),
    "no folder": (
        ["score", "--model", "x", "--benchmark", "sib200", "--language", "sw", "--local", "gone"],
        "gone: there is no such folder",
    ),
    "thought": (
        ["score", "--model", "x", "--benchmark", "sib200", "--language", "sw", "--thinking"],
        "--choose-by generation goes with thinking",
    ),
    "no thought": (
        [
            "score",
            "--model",
            "x",
            "--benchmark",
            "flores_into_english",
            "--language",
            "sw",
            "--local",
            "gone",
            "--thinking",
        ],
        "gone: there is no such folder",
    ),
    "no ending": (
        [
            "score",
            "--model",
            "x",
            "--benchmark",
            "sib200",
            "--language",
            "sw",
            "--local",
            "gone",
            "--output",
            "qwen3-0.6b",
        ],
        "qwen3-0.6b: a score's name ends in .json; try qwen3-0.6b.json",
    ),
    "no ending to compare": (["compare", "one", "two"], "one: a score's name ends in .json"),
    "no score": (["compare", "empty.json", "empty.json"], "this is no score"),
}


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_are_one_line(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one").write_text("a\n")
    (tmp_path / "two").write_text("a\nb\n")
    (tmp_path / "empty.json").write_text("{}")
    arguments, message = WRONG[case]
    with pytest.raises(UserError, match=message) as caught:
        run(*arguments)
    assert "\n" not in str(caught.value)


def test_a_model_is_scored_and_compared_with_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_checkpoint.write(tmp_path / "checkpoint")
    asked = ["--benchmark", "sib200", "--language", "Swahili", "--local", "builtin"]
    limits = ["--limit", 20, "--shots", 1, "--output", "a.json"]
    run("score", "--model", "checkpoint", *asked, *limits)
    score, items = read_json("a.json"), read_parquet("a.items.parquet")
    assert score["n"] == len(items) == 20
    assert "asked_in:eng_Latn|ask:likelihood/character" in score["signature"]
    capsys.readouterr()
    run("score", "--model", "checkpoint", *asked, *limits, "--prompts", "own")
    assert "asked_in:swh_Latn" in capsys.readouterr().out
    run("score", "--model", "checkpoint", *asked, *limits)
    assert "40 answers are kept" in capsys.readouterr().out
    run("compare", "a.json", "a.json")
    assert "sib200: no difference shown" in capsys.readouterr().out
    better = [{**item, "score": 1.0, "predicted": item["gold"]} for item in items]
    write_parquet(tmp_path / "b.items.parquet", better)
    write_json(tmp_path / "b.json", {**score, "value": 100.0})
    run("compare", "a.json", "b.json")
    assert "b.json is better" in capsys.readouterr().out
    write_parquet(tmp_path / "b.items.parquet", better[5:8])
    run("compare", "a.json", "b.json")
    right = 100 * sum(item["score"] for item in items[5:8]) / 3
    said = capsys.readouterr().out
    assert "3 items that both have, of 20 and 3" in said
    assert f"accuracy {right:.2f} and 100.00, difference {100 - right:+.2f}" in said
    write_parquet(tmp_path / "b.items.parquet", [{**item, "gold": "other"} for item in items])
    with pytest.raises(UserError, match="no items in common"):
        run("compare", "a.json", "b.json")
