"""Questions whose answer is a number: what counts as one, and a score by exact match."""

from pathlib import Path
from typing import Any

import pytest
from lm_eval.filters.extraction import RegexFilter

import endpoint as endpoints
from limbeck import cli
from limbeck.errors import UserError
from limbeck.evaluation import numeric
from limbeck.evaluation.replies import without_trace
from limbeck.files import Row, read_json, read_parquet, write_jsonl

REPLIES = [
    ("18", "18"),
    ("The answer is 18.", "18"),
    ("Ana 5, kisha 13: jumla ni 18", "18"),
    ("-7", "-7"),
    ("\N{MINUS SIGN}7", "-7"),
    ("18.0", "18"),
    ("0.50", "0.5"),
    ("00", "0"),
    ("It costs $1,234,567.", "1234567"),
    ("1 234", "1234"),
    ("1, 2 and 3", "3"),
    ("2,3,5", "5"),
    ("5-2", "2"),
    ("5 - 2 = 3", "3"),
    ("COVID-19", "19"),
    ("1,50,000 rupees", "150000"),
    ("१,५०,०००", "150000"),
    ("18,50 €", "18.5"),
    ("18,00", "18"),
    ("1.234,50", "1234.5"),
    ("1\u202f234,50 €", "1234.5"),
    ("1.234.567", "1234567"),
    ("2.375", "2.375"),
    ("-0,5", "-0.5"),
    ("Ni tarehe 10.05.2010", "2010"),
    ("١٨", "18"),
    ("٣٫٥", "3.5"),
    ("The area is 50 m².", "50"),
    ("50 cm²", "50"),
    ("50 m⁻³", "50"),
    ("Ni 7 kg za CO₂", "7"),
    ("½", "0.5"),
    ("Saa 2½", "2.5"),
    ("1,000 ¾ km²", "1000.75"),
    ("-٢½", "-2.5"),
    ("1⅓", "1.333333"),
    ("<think>2 + 2 = 4</think>5", "5"),
    ("<think>2 + 2 = 4", None),
    ("kumi na nane", None),
    ("", None),
    ("9" * 5000, None),
]


@pytest.mark.parametrize(("reply", "said"), REPLIES)
def test_the_last_number_of_a_reply_is_its_answer(reply: str, said: str | None) -> None:
    assert numeric.last(without_trace(reply)) == said


WHOLE = [
    ("70.000 Dollar", "70000"),
    ("Es sind 1.250.", "1250"),
    ("-1.250", "-1250"),
    ("70.00", "70"),
    ("18,50", "18.5"),
    ("0.125", "0.125"),
    ("1,250", "1250"),
    ("2⅛", "2.125"),
    ("50 m²", "50"),
]


@pytest.mark.parametrize(("reply", "said"), WHOLE)
def test_where_a_whole_number_is_wanted_a_point_may_part_thousands(reply: str, said: str) -> None:
    assert numeric.last(reply, whole=True) == said


# As the harness extracts them for MGSM and GSM8K ("flexible-extract"), before its exact match
# that ignores commas, dollars and a full stop at the end.
FLEXIBLE = r"(-?[$0-9.,]{2,})|(-?[0-9]+)"
PLAIN = ["18", "The answer is 18.", "5 + 13 = 18", "-7", "It costs $1,234,567.", "1, 2 and 3", "no"]


def test_ordinary_replies_are_read_as_the_harness_reads_them() -> None:
    taken = RegexFilter(FLEXIBLE, group_select=-1, fallback="none").apply([PLAIN], [{}])
    theirs = [text.strip("$.").replace(",", "") for text in next(iter(taken))]
    assert [numeric.last(reply) or "none" for reply in PLAIN] == theirs


def _run(*arguments: object) -> None:
    options = cli.parser().parse_args([str(argument) for argument in arguments])
    assert options.run(options) == 0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config with sums in words, the answer of each being its number."""
    sums: list[Row] = [
        {"sum": f"Juma ana machungwa {n}. Ana mangapi?", "jumla": n} for n in range(20)
    ]
    sums[4]["jumla"] = "2 + 2 = 4\n#### 4"  # as in GSM8K
    write_jsonl(tmp_path / "swh_Latn.jsonl", sums)
    path = tmp_path / "my.yaml"
    path.write_text(
        "benchmarks: {custom: {sums: {kind: number, question: sum, answer: jumla, "
        f"test: '{tmp_path}/{{code}}.jsonl'}}}}}}\n"
    )
    return path


def _half_right(body: Any, before: int) -> Any:
    number = int("".join(filter(str.isdigit, body["messages"][-1]["content"])))
    return endpoints.completion(f"Ana {number} tu." if number % 2 else "Sijui.")


def test_an_endpoint_is_scored_on_a_benchmark_of_ones_own(config: Path, tmp_path: Path) -> None:
    with endpoints.serving(_half_right) as server:
        _run(
            "score", "--model", server.url, "--called", "small", "--language", "Swahili",
            "--configfile", config, "--benchmark", "sums", "--shots", 0,
            "--work", tmp_path / "work", "--output", tmp_path / "sums.json",
        )  # fmt: skip
    score, items = read_json(tmp_path / "sums.json"), read_parquet(tmp_path / "sums.items.parquet")
    assert (score["metric"], score["value"], score["unparsed"]) == ("exact match", 50.0, 10)
    assert (score["model"], score["n"]) == ("small", 20), "without examples no row is set aside"
    assert "|model:small|digest:" in score["signature"]
    assert [row["predicted"] for row in items[:4]] == [None, "1", None, "3"]


WRONG = [
    (["--benchmark", "products"], "--benchmark products: unknown; allowed: .*, sums "),
    (["--benchmark", "sums", "--model", "http://127.0.0.1:9/v1"], "wants --called"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_mistakes_are_one_line(options: list[str], message: str, config: Path) -> None:
    given = ["--model", "somewhere", "--language", "Swahili", "--configfile", config]
    with pytest.raises(UserError, match=message) as caught:
        _run("score", *given, *options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", ["nyingi", "3,5", 1e-05, "3 of 4", "70.000"])
def test_an_answer_that_is_no_number_is_told(config: Path, tmp_path: Path, answer: Any) -> None:
    write_jsonl(tmp_path / "swh_Latn.jsonl", [{"sum": "?", "jumla": answer}] * 20)
    with pytest.raises(UserError, match=f"row 1 has '{answer}' as jumla, which is no number"):
        _run("score", "--model", "somewhere", "--language", "Swahili", "--configfile", config,
             "--benchmark", "sums")  # fmt: skip
