"""What a build says that it was made from."""

import json
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck import config as configuration
from limbeck.languages import resolve
from limbeck.report import crate, provenance
from limbeck.workflow import kept, once
from limbeck.workflow.build import Build

ROOT = Path(__file__).parents[3]
LANGUAGE = "results/swh_Latn"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(rule: str, key: str, outputs: dict[str, str], *inputs: str) -> None:
    """A stage that was run once; ``outputs`` are texts by place."""
    for path, text in outputs.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).unlink(missing_ok=True)  # what is kept is a link to it
        Path(path).write_text(text)
    read = {path: {"": kept.file_digest(path)} for path in inputs}
    assert kept.keep(key, list(outputs), {"rule": rule, "inputs": read})


def small_build(private: Path) -> list[provenance.Stage]:
    """Three stages, of which one is of an earlier state and one of a student that is gone."""
    private.write_text("a private text")
    texts, rows, old = (f"{LANGUAGE}/{name}.jsonl" for name in ("texts", "rows", "old"))
    made("sample_texts", "k1", {texts: "earlier"}, str(private))
    made("sample_texts", "k2", {texts: "now"}, str(private))
    made("filter_rows", "k3", {rows: "rows", f"{LANGUAGE}/funnel.json": "{}"}, texts)
    made("mix_rows", "k4", {old: "of a student that is gone"}, rows)
    return provenance.stages([rows], ["tiny"])


def test_stages_are_followed_back_from_what_the_build_wants(folder: Path) -> None:
    found = small_build(folder / "private.txt")
    assert {stage["rule"]: stage["key"] for stage in found} == {
        "filter_rows": "k3", "sample_texts": "k2",
    }  # fmt: skip
    for stage in found:
        for file in stage["outputs"]:
            assert file["sha256"] == kept.file_digest(file["path"])
    assert str(folder) not in json.dumps(found)


def test_weights_are_told_by_their_manifest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_CHECKED", 3)
    listed = json.dumps({"F16.gguf": "a digest"})
    gguf = f"{LANGUAGE}/tiny/gguf/F16.gguf"
    made("export_gguf", "k", {gguf: "weights", gguf[:-4] + "manifest.json": listed})
    (stage,) = provenance.stages([gguf], ["tiny"])
    assert stage["outputs"][0] == {"path": gguf, "sha256": "a digest"}


def test_a_renamed_student_has_the_key_of_its_training(folder: Path) -> None:
    history = f"{LANGUAGE}/{once.STUDENT}/training.json"
    for name in ("early", "late"):
        path = Path(history.replace(once.STUDENT, name))
        path.parent.mkdir(parents=True)
        path.write_text("trained")
    kept.keep("k", [str(path)], {"rule": "train_student", "outputs": [history], "inputs": {}})
    (stage,) = provenance.stages([str(path)], ["other", "late"])
    assert stage["key"] == "k"
    assert [file["path"] for file in stage["outputs"]] == [str(path)]


def test_the_config_tells_nothing_of_this_machine(folder: Path) -> None:
    base = folder / "base of mine"
    base.mkdir()
    (base / "config.json").write_text("{}")
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config["students"]["tiny"]["base"] = str(base)
    config["teacher"]["generator"] |= {"server_args": ["--log-file", str(folder / "log")]}
    config["teacher"]["translator"] = {
        "server": None, "url": "https://example.org/v1", "api_key_env": "MY_KEY",
    }  # fmt: skip
    found = provenance.resolved(Build(configuration.load(config), [resolve("Swahili")]))
    text = json.dumps(found)
    assert str(folder) not in text
    assert "MY_KEY" not in text
    assert found["students"]["tiny"]["base"] == "a local folder"
    assert found["teacher"]["translator"]["url"] == "https://example.org/v1"
    assert found["teacher"]["reviser"]["server"] == "phrasebook"
    assert found["seed"] == config["seed"]


@pytest.fixture
def described(folder: Path) -> dict[str, Any]:
    """The crate of a build, beside its files."""
    stages = small_build(folder / "private.txt")
    Path("results/index.html").write_text("a page")
    build = {
        "limbeck": {"version": "1.2.3", "commit": None},
        "libraries": {"torch": "2.0"},
        "config": {"languages": ["swh_Latn"], "gguf": {"license": None}},
        "stages": stages,
        "pages": ["results/index.html"],
    }
    Path("results/build.json").write_text(json.dumps(build))
    whole = crate.crate(build, Path("results/build.json"))
    Path("results/ro-crate-metadata.json").write_text(json.dumps(whole))
    return whole


def test_all_that_a_crate_refers_to_is_in_it(folder: Path, described: dict[str, Any]) -> None:
    entities = {entity["@id"]: entity for entity in described["@graph"]}
    assert len(entities) == len(described["@graph"])
    assert entities["./"]["license"], "a crate has to have one"
    parts = {part["@id"] for part in entities["./"]["hasPart"]}
    assert parts == {
        "build.json", "index.html", "swh_Latn/funnel.json", "swh_Latn/rows.jsonl",
        "swh_Latn/texts.jsonl",
    }  # fmt: skip
    assert all((folder / "results" / part).is_file() for part in parts)
    elsewhere = ("https://w3id.org/ro/crate/1.1",)
    for entity in entities.values():
        for value in entity.values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    assert one["@id"] in entities or one["@id"] in elsewhere
    (action,) = (one for one in entities.values() if one.get("name") == "filter_rows")
    assert action["object"] == [{"@id": "swh_Latn/texts.jsonl"}]
    assert str(folder) not in json.dumps(described)


def broken(whole: dict[str, Any]) -> dict[str, Any]:
    """The crate without a date, which it must have."""
    entities = [{k: v for k, v in one.items() if k != "datePublished"} for one in whole["@graph"]]
    return {**whole, "@graph": entities}


def test_a_validator_has_nothing_against_a_crate(folder: Path, described: dict[str, Any]) -> None:
    """By roc-validator, without the network: the context is the one that rocrate brings."""
    wanted = "needs `pip install roc-validator rocrate`, which brings another rich"
    services = pytest.importorskip("rocrate_validator.services", reason=wanted)
    rocrate = pytest.importorskip("rocrate", reason=wanted)
    requests_cache, requests = (pytest.importorskip(f"requests{end}") for end in ("_cache", ""))
    urllib3 = pytest.importorskip("urllib3")
    content = (Path(rocrate.__file__).parent / "data/ro-crate.jsonld").read_bytes()
    answer = requests.Response()
    answer.status_code, answer.url = 200, crate.CONTEXT
    answer.headers["Content-Type"] = "application/ld+json"
    answer.request = requests.Request("GET", crate.CONTEXT).prepare()
    answer.raw = urllib3.HTTPResponse(
        BytesIO(content), headers=dict(answer.headers), status=200, preload_content=False
    )
    with requests_cache.CachedSession(cache_name=str(folder / "cache")) as session:
        session.cache.save_response(answer)

    def valid() -> bool:
        settings = services.ValidationSettings(
            rocrate_uri="results", profile_identifier="process-run-crate-0.5", offline=True,
            cache_path=str(folder / "cache"),
        )  # fmt: skip
        result = services.validate(settings)
        print(*result.get_issues(), sep="\n", file=sys.stderr)
        return bool(result.passed())

    assert valid()
    Path("results/ro-crate-metadata.json").write_text(json.dumps(broken(described)))
    assert not valid()
