"""The whole workflow on the built-in teacher, and what a second run does."""

import hashlib
import json
from pathlib import Path

import pytest

from limbeck.files import read_json, read_jsonl, read_parquet
from project import Project

LANGUAGE = "results/swh_Latn"

# Removed one by one; whatever is made from them must come out the same.
DATA = [
    "resources/conversations.jsonl",
    f"{LANGUAGE}/language.json",
    f"{LANGUAGE}/texts.jsonl",
    f"{LANGUAGE}/topics.jsonl",
    f"{LANGUAGE}/scenarios.jsonl",
    f"{LANGUAGE}/contexts.jsonl",
    f"{LANGUAGE}/prompts.jsonl",
    f"{LANGUAGE}/responses.jsonl",
    f"{LANGUAGE}/translations.jsonl",
    f"{LANGUAGE}/benchmarks/belebele/test.jsonl",
    f"{LANGUAGE}/rows.parquet",
    f"{LANGUAGE}/tiny/train.parquet",
]


def data(project: Project) -> dict[str, bytes]:
    return {
        path: content
        for path, content in project.files("resources", "results").items()
        if path.endswith((".jsonl", ".parquet", ".json"))
        and "llama.cpp" not in path
        and not any(part in path for part in ("scores/", "checkpoint/", "base/", "gguf/"))
        and not path.endswith("training.json")
    }


def test_a_second_run_has_nothing_to_do(finished: Project) -> None:
    result = finished.snakemake()
    assert result.code == 0
    assert "Nothing to be done" in result.output


def test_rows_say_where_they_come_from(finished: Project) -> None:
    rows = read_parquet(finished.folder / LANGUAGE / "tiny/train.parquet")
    strategies = {"topic", "scenario", "context", "translation", "pair", "english"}
    assert {row["strategy"] for row in rows} == strategies
    assert {"thinking", "direct"} == {row["form"] for row in rows}
    assert {row["teacher"] for row in rows} == {"phrasebook"}
    keys = [(row["id"], row["form"]) for row in rows]
    assert len(keys) == len(set(keys))
    sources = {row["id"] for row in read_jsonl(finished.folder / "resources/conversations.jsonl")}
    assert {row["source"] for row in rows if row["strategy"] == "pair"} <= sources


def test_training_rows_open_with_datasets(finished: Project, tmp_path: Path) -> None:
    from datasets import load_dataset

    folder = finished.folder / LANGUAGE / "tiny"
    loaded = load_dataset(
        "parquet",
        data_files={name: str(folder / f"{name}.parquet") for name in ("train", "validation")},
        cache_dir=str(tmp_path),
    )
    mixture = read_json(folder / "mixture.json")
    for name in ("train", "validation"):
        assert loaded[name].num_rows == mixture[name]["rows"]


def test_the_funnel_adds_up(finished: Project) -> None:
    funnel = read_json(finished.folder / LANGUAGE / "funnel.json")
    came = sum(strategy["rows"] for strategy in funnel["strategies"])
    for step in funnel["filters"]:
        assert step["in"] == came
        came -= sum(step["removed"].values())
        assert step["out"] == came
    assert came == funnel["rows"]


def test_no_training_text_is_in_a_benchmark(finished: Project) -> None:
    """No whole text of an item, and no eight words in a row, by no code of the filter's own."""

    def plain(text: str) -> str:
        return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())

    def eights(text: str) -> set[tuple[str, ...]]:
        """All eight words in a row."""
        words = text.split()
        return {tuple(words[at : at + 8]) for at in range(len(words) - 7)}

    folder = finished.folder / LANGUAGE
    rows = [
        plain(" ".join(message["content"] for message in row["messages"]))
        for name in ("train", "validation")
        for row in read_parquet(folder / f"tiny/{name}.parquet")
    ]
    text = "\n".join(f" {row} " for row in rows)
    checked, asked = 0, set()
    for path in folder.glob("benchmarks/*/test.jsonl"):
        for item in read_jsonl(path):
            for value in item.values():
                if isinstance(value, str) and len(plain(value).split()) >= 4:
                    checked += 1
                    asked |= eights(plain(value))
                    assert f" {plain(value)} " not in text, (path, value)
    assert checked > 500
    assert len(asked) > 500
    for row in rows:
        assert not eights(row) & asked


def test_every_model_has_every_score(finished: Project) -> None:
    scores = {
        str(path.relative_to(finished.folder / LANGUAGE / "scores")): json.loads(path.read_text())
        for path in (finished.folder / LANGUAGE / "scores").rglob("*.json")
    }
    assert len(scores) == 6 * 5
    for score in scores.values():
        low, high = score["interval"]
        assert 0 <= low <= score["value"] <= high <= 100
        assert score["n"] > 0
        assert score["signature"]


def test_the_report_says_that_the_teacher_is_a_demonstrator(finished: Project) -> None:
    for path in ("results/index.html", f"{LANGUAGE}/report.html"):
        page = (finished.folder / path).read_text()
        assert "demonstrator" in page.lower()
        assert "chrF++" in page


def test_the_table_of_scores_and_the_cards_agree_with_the_scores(finished: Project) -> None:
    table = (finished.folder / "results/scores.tsv").read_text().splitlines()
    assert len(table) == 1 + 6 * 5
    score = read_json(finished.folder / LANGUAGE / "scores/tiny/student/sib200.json")
    assert f"\ttiny/student\tsib200\taccuracy\t{score['value']:.4f}\t" in "\n".join(table)
    card = (finished.folder / LANGUAGE / "tiny/model_card.md").read_text()
    assert f"{score['value']:.1f} [" in card
    assert "phrasebook" in (finished.folder / LANGUAGE / "dataset_card.md").read_text()


def test_a_modelfile_lies_beside_the_files_that_it_names(finished: Project) -> None:
    path = finished.folder / "results/swh_Latn/tiny/gguf/Modelfile"
    first, template, stop = path.read_text().splitlines()
    assert (path.parent / first.removeprefix("FROM ")).is_file()
    assert template.startswith('TEMPLATE """{{ range $i, $_ := .Messages }}')
    assert stop.startswith("PARAMETER stop ")


def test_the_build_says_what_every_file_was_made_from(finished: Project) -> None:
    build = read_json(finished.folder / "results/build.json")
    told = {file["path"]: file["sha256"] for stage in build["stages"] for file in stage["outputs"]}
    files = finished.files("results", "resources")
    files = {name: content for name, content in files.items() if "__pycache__" not in name}
    for path in ("results/build.json", "results/ro-crate-metadata.json"):
        del files[path]
    assert files.keys() == {*told, *build["pages"]}
    assert all(hashlib.sha256(files[path]).hexdigest() == digest for path, digest in told.items())
    read = {file["path"] for stage in build["stages"] for file in stage["inputs"]}
    assert read <= told.keys()
    assert str(finished.folder) not in json.dumps(build)


@pytest.mark.parametrize("paths", [*([path] for path in DATA), DATA], ids=[*DATA, "all of them"])
def test_deleted_files_come_back_the_same(finished: Project, paths: list[str]) -> None:
    before = data(finished)
    for path in paths:
        (finished.folder / path).unlink()
    result = finished.snakemake(*paths, f"{LANGUAGE}/tiny/train.parquet")
    assert result.code == 0, result.output
    assert data(finished) == before
    # The same bytes make nothing stale.
    assert "Nothing to be done" in finished.snakemake().output


def test_topics_name_the_language(finished: Project) -> None:
    rows = list(read_jsonl(finished.folder / LANGUAGE / "topics.jsonl"))
    assert "Swahili culture" in {row["source"] for row in rows}


def test_snakemakes_own_report_holds_pages_and_cards(finished: Project) -> None:
    result = finished.snakemake("--report", "everything.html")
    assert result.code == 0, result.output
    for name in ("index.html", "scores.tsv", "report.html", "dataset_card.md", "model_card.md"):
        assert f"Adding {name} (" in result.output
    page = (finished.folder / "everything.html").read_text()
    for text in ("Limbeck distils a language", "Cards", "Every score: language, model"):
        assert text in page
    (finished.folder / "everything.html").unlink()
