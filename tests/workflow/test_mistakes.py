"""A wrong input gets one line that says what and where, exit code 1, and costs nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from project import TEST_CONFIG, Project

# What is put over the config, and what the line must say.
PLANNING: list[tuple[dict[str, Any], str]] = [
    ({"languages": ["Klingonish"]}, "Klingonish"),
    ({"languages": ["Yoruba"]}, "phrasebook writes Swahili only"),
    ({"languages": [False]}, "put it in quotes"),
    ({"languages": ["Norwegian"]}, "nob_Latn"),
    ({"languages": ["Swahili", "sw"]}, "twice"),
    ({"langauges": ["Swahili"]}, "did you mean 'languages'"),
    ({"teacher": {"generator": {"url": "http://127.0.0.1:9/v1"}}}, "exactly one of"),
    ({"teacher": {"generator": {"api_key_env": "sk-abc"}}}, "environment variable"),
    ({"students": {"tiny": {"training": {"epoch": 2}}}}, "did you mean 'epochs'"),
    ({"students": {"tiny": None}}, "students"),
    ({"students": {"a/b": {"base": "builtin:tiny"}}}, "students.a/b"),
    ({"gguf": {"quantizations": ["Q4"]}}, "gguf.quantizations.0"),
    (
        {"benchmarks": {"run": ["flores"]}},
        "unknown benchmark 'flores'; allowed: flores_from_english",
    ),
    ({"seed": "x"}, "seed"),
    ({"conversations": {"source": "nowhere/chats.jsonl"}}, "conversations.source: nowhere/chats"),
    (
        {"filters": {"language": {"model": "nowhere.bin"}}},
        "filters.language.model: nowhere.bin: there is no such file",
    ),
    ({"texts": {"source": "nowhere.txt"}}, "texts.source: nowhere.txt: there is no such file"),
    ({"students": {"tiny": {"base": "./nowhere"}}}, "students.tiny.base: ./nowhere: there is no"),
]

# The same for what only a stage can see.
RUNNING: list[tuple[dict[str, Any], str, str]] = [
    (
        {"benchmarks": {"sources": {"sib200": "nowhere"}}},
        "results/swh_Latn/benchmarks/sib200/test.jsonl",
        "nowhere",
    ),
    (
        {"teacher": {"generator": {"server": None, "url": "http://127.0.0.1:9/v1", "retries": 0}}},
        "results/swh_Latn/topics.jsonl",
        "127.0.0.1:9",
    ),
    (
        {
            "teacher": {
                "generator": {
                    "server": None,
                    "url": "http://127.0.0.1:9/v1",
                    "api_key_env": "LIMBECK_TEST_KEY_THAT_IS_NOT_SET",
                }
            }
        },
        "results/swh_Latn/topics.jsonl",
        "LIMBECK_TEST_KEY_THAT_IS_NOT_SET",
    ),
]


def written(tmp_path: Path, change: dict[str, Any]) -> str:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(change))
    return str(path)


@pytest.mark.parametrize(("change", "message"), PLANNING, ids=[m for _, m in PLANNING])
def test_a_wrong_config_is_one_line(
    finished: Project, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    before = finished.files("results", "resources").keys()
    result = finished.snakemake(config=written(tmp_path, change))
    assert result.code != 0
    lines = [line for line in result.output.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, result.output
    assert message in lines[0]
    assert "Traceback" not in result.output
    assert finished.files("results", "resources").keys() == before


@pytest.mark.parametrize(("change", "target", "message"), RUNNING, ids=[m for *_, m in RUNNING])
def test_a_wrong_source_is_one_line_of_its_stage(
    finished: Project, tmp_path: Path, change: dict[str, Any], target: str, message: str
) -> None:
    values = yaml.safe_load((finished.folder / TEST_CONFIG).read_text())
    for section, keys in change.items():
        values[section] = {**values.get(section, {}), **keys}
    others = finished.files("results", "resources")
    try:
        result = finished.snakemake(target, config=written(tmp_path, values))
        assert result.code != 0
        assert [line for line in result.output.splitlines() if line.startswith("error: ")], (
            result.output
        )
        assert message in result.output
        assert "Traceback" not in result.output
    finally:  # Snakemake takes away what a stage made before, when it runs again
        assert finished.snakemake(target).code == 0
    assert finished.files("results", "resources").keys() == others.keys()


def test_a_broken_prompt_file_is_named(finished: Project) -> None:
    path = finished.folder / "config/prompts/topics.yaml"
    before = path.read_bytes()
    try:
        path.write_bytes(before.replace(b"{language_in_full", b"{langauge_in_full"))
        result = finished.snakemake("results/swh_Latn/topics.jsonl")
        assert result.code != 0
        assert "config/prompts/topics.yaml" in result.output
        assert "did you mean 'language_in_full'" in result.output
    finally:
        path.write_bytes(before)
        assert finished.snakemake("results/swh_Latn/topics.jsonl").code == 0
