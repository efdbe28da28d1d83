"""`limbeck publish` against a stand-in for the Hub."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hub_uploads as hub
import report_build as build
from limbeck.cards import common, dataset_card, model_card
from limbeck.files import write_text
from limbeck.report.collect import Settings


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small build with its cards."""
    results = tmp_path_factory.mktemp("results")
    build.write(results)
    folder = results / "swh_Latn"
    for path in ("rows.parquet", "tiny/train.parquet", "tiny/validation.parquet"):
        write_text(folder / path, f"rows of {path}")
    for path in ("config.json", "model.safetensors", "tokenizer.json", ".snakemake_timestamp"):
        write_text(folder / "tiny/checkpoint" / path, f"part of {path}")
    given = json.loads(build.settings())
    kept = {key: given[key] for key in ("teacher", "sources")}
    data = dataset_card.card(folder, dataset_card.Settings(students=["tiny"], **kept))
    common.write(folder / "dataset_card.md", data, "dataset")
    text = model_card.card(folder, "tiny", Settings(**given))
    common.write(folder / "tiny/model_card.md", text, "model")
    return results


def publish(results: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # Xet, the Hub's own way for large files, needs its servers; LFS is the one before.
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    home = {"HF_HOME": str(results / "home"), "HF_HUB_DISABLE_XET": "1"}
    return subprocess.run(
        [sys.executable, "-m", "limbeck.cli", "publish", "--results", str(results), *options],
        env={**clean, **home, **environment}, capture_output=True, text=True,
    )  # fmt: skip


def test_nothing_is_sent_without_yes(results: Path) -> None:
    with hub.serving() as stand_in:
        done = publish(results, "--to", "me", HF_ENDPOINT=stand_in.url, HF_TOKEN=hub.TOKEN)
    assert done.returncode == 0, done.stderr
    assert stand_in.tokens == set()
    for line in (
        "data set me/limbeck-swh_Latn: ",
        "  tiny/validation.parquet  (",
        "model me/limbeck-swh_Latn-tiny: ",
        "  limbeck-swh_Latn-tiny-Q4_K_M.gguf  (",
        "Nothing is uploaded without --yes.",
    ):
        assert line in done.stdout
    assert "timestamp" not in done.stdout


def test_a_file_of_an_earlier_build_stays(results: Path) -> None:
    old = results / "swh_Latn/tiny/gguf/Q2_K.gguf"
    old.write_bytes(b"GGUF")
    with hub.serving() as stand_in:
        done = publish(results, "--to", "me", HF_ENDPOINT=stand_in.url)
    old.unlink()
    assert done.returncode == 0, done.stderr
    assert "Q2_K" not in done.stdout


def test_what_is_published_arrives_and_is_not_sent_twice(results: Path) -> None:
    folder = results / "swh_Latn"
    with hub.serving() as stand_in:
        keys = {"HF_ENDPOINT": stand_in.url, "HF_TOKEN": hub.TOKEN}
        done = publish(results, "Swahili", "--to", "me", "--yes", **keys)
        assert done.returncode == 0, done.stderr
        assert f"{stand_in.url}/me/limbeck-swh_Latn-tiny/commit/" in done.stdout
        assert hub.TOKEN not in done.stdout + done.stderr
        assert stand_in.tokens == {hub.TOKEN}
        data = stand_in.repository("dataset", "me/limbeck-swh_Latn")
        files = stand_in.repository("model", "me/limbeck-swh_Latn-tiny")
        sent = stand_in.received
        assert publish(results, "--to", "me", "--yes", **keys).returncode == 0
        assert stand_in.received == sent
    assert data.keys() == {
        "README.md", "rows.parquet", "tiny/train.parquet", "tiny/validation.parquet",
    }  # fmt: skip
    assert data["rows.parquet"] == (folder / "rows.parquet").read_bytes()
    assert files["model.safetensors"] == (folder / "tiny/checkpoint/model.safetensors").read_bytes()
    gguf = (folder / "tiny/gguf/Q8_0.gguf").read_bytes()
    assert files["limbeck-swh_Latn-tiny-Q8_0.gguf"] == gguf
    for card in (data["README.md"].decode(), files["README.md"].decode()):
        assert "OWNER" not in card
        assert "me/limbeck-swh_Latn" in card
    assert b"datasets:\n- me/limbeck-swh_Latn\n" in files["README.md"]
    assert set(stand_in.commits[:2]) == {"me/limbeck-swh_Latn", "me/limbeck-swh_Latn-tiny"}


def test_what_only_an_earlier_build_has_is_removed(results: Path) -> None:
    """Of weights in one file and in several, transformers would take the one file."""
    model, data = ("model", "me/limbeck-swh_Latn-tiny"), ("dataset", "me/limbeck-swh_Latn")
    old = {
        model: ["model-00001-of-00002.safetensors", "model.safetensors.index.json", "a-Q2_K.gguf"],
        data: ["gone/train.parquet", "gone/validation.parquet"],
    }
    kept = {model: ["mine/notes.gguf", "LICENSE"], data: ["rows.csv", "train.parquet"]}
    removed = [f"     removed  {name}, of an earlier build" for name in (*old[model], *old[data])]
    with hub.serving() as stand_in:
        keys = {"HF_ENDPOINT": stand_in.url, "HF_TOKEN": hub.TOKEN}
        for place, names in old.items():
            stand_in.repositories[place] = dict.fromkeys([*names, *kept[place]], b"old")
        for options in ([], ["--yes"]):
            done = publish(results, "--to", "me", *options, **keys)
            assert done.returncode == 0, done.stderr
            assert all(line in done.stdout for line in removed)
        for place, names in old.items():
            there = stand_in.repository(*place).keys()
            assert there.isdisjoint(names)
            assert there >= set(kept[place])
        assert "removed" not in publish(results, "--to", "me", **keys).stdout


def test_a_model_that_states_no_licence_is_said_to(results: Path) -> None:
    card = results / "swh_Latn/tiny/model_card.md"
    text = card.read_text("utf-8")
    other = "license: other\nlicense_name: licence-of-the-base\n"
    write_text(card, text.replace("license: apache-2.0\n", other))
    stated = "  no licence is stated"
    with hub.serving() as stand_in:
        assert publish(results, "--to", "me", HF_ENDPOINT=stand_in.url).stdout.count(stated) == 1
        write_text(card, text)
        assert stated not in publish(results, "--to", "me", HF_ENDPOINT=stand_in.url).stdout


def test_what_is_there_is_not_needed_without_yes(results: Path) -> None:
    done = publish(results, "--to", "me", HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    assert "  whether anything is removed is not known: publish: me/limbeck" in done.stdout
    assert "Nothing is uploaded without --yes." in done.stdout


def test_wrong_ways_to_publish_are_one_line(results: Path) -> None:
    with hub.serving() as stand_in:
        here = {"HF_ENDPOINT": stand_in.url}
        for options, environment, said in (
            (["--to", "a/b"], {}, "--to 'a/b'"),
            (["Yoruba", "--to", "me"], {}, "there is swh_Latn"),
            (["--to", "me", "--student", "big"], {}, "no student 'big'"),
            (["--to", "me", "--yes"], {}, "HF_TOKEN is not set"),
            (["--to", "me", "--yes"], {"HF_TOKEN": "hf_wrong"}, "401"),
            (
                ["--to", "me", "--yes"],
                {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_TOKEN": "x"},
                "refused",
            ),
        ):
            done = publish(results, *options, **(here | environment))
            assert done.returncode == 1
            lines = done.stderr.splitlines()
            assert len(lines) == 1, done.stderr
            assert lines[0].startswith("error: ")
            assert said in lines[0]
            assert "hf_wrong" not in done.stdout + done.stderr


def test_a_missing_file_is_missed_before_anything_is_sent(results: Path) -> None:
    train = results / "swh_Latn/tiny/train.parquet"
    content = train.read_bytes()
    train.unlink()
    try:
        done = publish(results, "--to", "me", "--yes", HF_TOKEN=hub.TOKEN)
    finally:
        train.write_bytes(content)
    assert done.returncode == 1
    assert "tiny/train.parquet: there is no such file" in done.stderr
