"""Cards of a small build: metadata that huggingface_hub reads, and what the text says."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import DatasetCard, ModelCard

import report_build as build
from limbeck.cards import common, dataset_card, model_card
from limbeck.errors import UserError
from limbeck.files import read_json, write_json
from limbeck.report.collect import Settings


def settings(**changes: Any) -> Settings:
    return Settings(**json.loads(build.settings(**changes)))


def dataset_settings(**changes: Any) -> dataset_card.Settings:
    given = json.loads(build.settings(**changes))
    kept = {key: given[key] for key in ("teacher", "sources")}
    return dataset_card.Settings(students=["tiny"], **kept)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("results")
    build.write(results)
    build.write_timings(results / "logs")
    return results / "swh_Latn"


def test_the_data_sets_metadata(folder: Path) -> None:
    card = DatasetCard(dataset_card.card(folder, dataset_settings()))
    data = card.data.to_dict()
    assert data["language"] == ["sw", "en"]
    assert (data["license"], data["license_name"]) == ("other", "licences-of-the-sources")
    assert data["source_datasets"] == ["extended|HuggingFaceFW/fineweb-2"]
    assert data["size_categories"] == ["n<1K"]
    assert [part["config_name"] for part in data["configs"]] == ["rows", "tiny"]
    assert data["configs"][1]["data_files"][1] == {
        "split": "validation",
        "path": "tiny/validation.parquet",
    }


LICENCES = [
    ("builtin", "builtin", "apache-2.0"),
    ("BAAI/Infinity-Instruct 7M_core", "BAAI/Infinity-Instruct", "cc-by-sa-4.0"),
    ("BAAI/Infinity-Instruct 7M_core", "HuggingFaceFW/fineweb-2 swh_Latn", "other"),
    ("/home/me/chats.jsonl", "/home/me/chats.jsonl", "other"),
    ("somebody/something", "somebody/something", "other"),
]


@pytest.mark.parametrize(("conversations", "texts", "licence"), LICENCES)
def test_the_data_set_has_the_licence_that_its_sources_share(
    folder: Path, conversations: str, texts: str, licence: str
) -> None:
    given = dataset_settings(sources={"conversations": conversations, "texts": texts})
    assert DatasetCard(dataset_card.card(folder, given)).data.license == licence


DATASET = [
    "**This is a demonstration.**",
    "HuggingFaceFW/fineweb-2 swh_Latn | odc-by |",
    "| duplicates | 60 | 55 | exact duplicate 5 |",
    "1,234 rows to train and 25 to validate",
    'load_dataset("OWNER/limbeck-swh_Latn", "tiny")',
    "Nobody who speaks Swahili has checked the rows",
    "eprint = {2601.14051}",
]


@pytest.mark.parametrize("text", DATASET)
def test_the_data_sets_card_says(folder: Path, text: str) -> None:
    assert text in dataset_card.card(folder, dataset_settings())


def test_the_models_metadata_holds_every_score(folder: Path) -> None:
    data = ModelCard(model_card.card(folder, "tiny", settings())).data
    assert data.license == "apache-2.0"
    assert data.base_model is None  # the built-in base is nowhere on the Hub
    assert data.datasets == ["OWNER/limbeck-swh_Latn"]
    assert [result.metric_value for result in data.eval_results] == [71.0, 63.9, 56.8, 49.7, 42.6]
    assert {result.metric_type for result in data.eval_results} == {"chrf", "accuracy"}
    first = data.eval_results[0]
    assert first.metric_name == "chrF++, 95% interval 67.0 to 75.0, n = 100"
    assert first.dataset_split is None  # its signature names none


def test_the_split_is_that_of_the_score(folder: Path, tmp_path: Path) -> None:
    whole = tmp_path / "swh_Latn"
    shutil.copytree(folder, whole)
    for benchmark, split in (("flores_from_english", "devtest"), ("sib200", "test")):
        path = whole / f"scores/tiny/student/{benchmark}.json"
        signature = f"chrF2++|version:2.6.0|benchmark:{benchmark}.v1|split:{split}|n:100"
        write_json(path, read_json(path) | {"signature": signature})
    results = ModelCard(model_card.card(whole, "tiny", settings())).data.eval_results
    assert [result.dataset_split for result in results[:3]] == ["devtest", None, "test"]


def test_a_model_whose_bases_licence_is_not_known_states_none(folder: Path) -> None:
    given = settings(students={"tiny": {"base": "google/gemma-3-1b-it"}}, licenses={"tiny": None})
    text = model_card.card(folder, "tiny", given)
    common.check(folder / "model_card.md", text, "model")
    data = ModelCard(text).data
    assert (data.license, data.license_name) == ("other", "licence-of-the-base")
    assert "The licence of the base, `google/gemma-3-1b-it`, applies to this model's files" in text
    assert "apache" not in text


def test_published_benchmarks_are_named_and_cited(folder: Path) -> None:
    flores = {"hub": "o/flores", "licence": "CC-BY-SA-4.0", "citation": "NLLB Team 2024"}
    text = model_card.card(folder, "tiny", settings(published={"flores": flores}))
    results = ModelCard(text).data.eval_results
    assert [result.dataset_type for result in results[:3]] == ["o/flores", "o/flores", "sib200"]
    cited = "- [o/flores](https://huggingface.co/datasets/o/flores) (CC-BY-SA-4.0): NLLB Team 2024"
    assert cited in text


def test_a_base_of_the_hub_is_named(folder: Path) -> None:
    students = {"tiny": {"base": "ibm-granite/granite-4.0-micro"}}
    data = ModelCard(model_card.card(folder, "tiny", settings(students=students))).data
    assert data.base_model == "ibm-granite/granite-4.0-micro"


@pytest.mark.parametrize("path", ["/home/me/secret plans/base", "./secret", "~/secret", "HERE"])
def test_where_things_lie_on_this_machine_is_in_no_card(
    folder: Path, tmp_path: Path, path: str
) -> None:
    path = str(folder) if path == "HERE" else path
    named: dict[str, Any] = {
        "sources": {"conversations": path, "texts": f"{path} part"},
        "teacher": {"model": path, "server": None},
    }
    merge = {"origin": path, "parts": {path: 0.4, "student:other": 0.6}}
    students = {"tiny": {"base": path, "merge": merge}}
    whole = tmp_path / "swh_Latn"
    shutil.copytree(folder, whole)
    funnel = read_json(whole / "funnel.json")
    funnel["filters"][0]["threshold"] = {"model": path, "share": 0.5}
    write_json(whole / "funnel.json", funnel)
    model = model_card.card(whole, "tiny", settings(students=students, **named))
    for text in (model, dataset_card.card(whole, dataset_settings(**named))):
        assert path not in text
        assert "secret" not in text
        assert "a local folder" in text


MODEL = [
    "**This is a demonstration.**",
    "| base | 3.0 [0.0, 7.0] | 2.7 [0.0, 6.7] |",
    "| **student** | 71.0 [67.0, 75.0] |",
    "| GGUF Q8_0 | 70.0 [66.0, 74.0] |",
    "| `limbeck-swh_Latn-tiny-Q4_K_M.gguf` | 0.1 MB |",
    "ollama run hf.co/OWNER/limbeck-swh_Latn-tiny:Q8_0",
    "| training time | 3 min |",
    "chrF2++|nrefs:1|version:2.6.0",
]


@pytest.mark.parametrize("text", MODEL)
def test_the_models_card_says(folder: Path, text: str) -> None:
    assert text in model_card.card(folder, "tiny", settings(), folder.parent / "logs")


def test_limitations_follow_the_figures() -> None:
    def score(value: float, **more: Any) -> dict[str, Any]:
        return {"value": value, "interval": [value - 5, value + 5], "n": 50, **more}

    own = {
        "belebele": score(27.0, unparsed=2),
        "sib200": score(60.0),
        "flores_from_english": score(30.0, repetition_rate=0.25),
    }
    gains = {"belebele": {"shown": False}, "sib200": {"shown": True}}
    said = list(model_card.limitations({"name": "Yoruba"}, own, gains, settings()))
    assert "Nobody who speaks Yoruba" in said[0]
    assert said[1] == "No better than guessing, as far as the figures show: Reading comprehension."
    assert said[2] == "No difference from its base shown: Reading comprehension."
    assert said[3] == "English into Yoruba: 25% of its replies repeat themselves."
    assert said[4] == "Reading comprehension: 4% of its answers cannot be read."


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("BAAI/Infinity-Instruct 7M_core c0ffee", "BAAI/Infinity-Instruct"),
        ("builtin", None),
        ("builtin:tiny", None),
        ("./folder/name", None),
        ("/data/chats.jsonl", None),
        ("~/data/chats.jsonl", None),
    ],
)
def test_names_on_the_hub(source: str, name: str | None) -> None:
    assert common.hub_name(source) == name


BROKEN = [
    "---\nlanguage: [sw]\n---\n",
    "no metadata",
    "---\n- a list\n---\n",
    "---\nlanguage: [sw]\nlicense: mit\ntags: [x]\nmodel-index: [{results: 1}]\n---\n",
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_card_that_the_hub_would_refuse_is_not_written(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"card\.md: the card's metadata"):
        common.write(tmp_path / "card.md", text, "model")
    assert not (tmp_path / "card.md").exists()


def test_an_unknown_student_is_one_line(folder: Path) -> None:
    command = [sys.executable, "-m", "limbeck.cards.model_card", "--folder", str(folder)]
    command += [
        "--student",
        "small",
        "--settings",
        build.settings(),
        "--output",
        "x",
        "--modelfile",
        "y",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: cards: no student 'small', only tiny\n"
