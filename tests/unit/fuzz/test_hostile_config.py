"""Whatever stands in a config is taken or refused with one line that says where."""

import argparse
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from snakemake.utils import update_config

import hostile
from limbeck import config, stage
from limbeck.classification import tasks
from limbeck.errors import UserError, shown
from limbeck.generation import instructions, topics

ROOT = Path(__file__).parents[3]
DEFAULT = yaml.safe_load((ROOT / "config/config.yaml").read_text())
FULL = yaml.safe_load((ROOT / "config/presets/full.yaml").read_text())
TASK = yaml.safe_load((ROOT / "config/tasks/sentiment.yaml").read_text())
TOLD = yaml.safe_load((ROOT / "config/prompts/topics.yaml").read_text())


def one_line(error: UserError) -> None:
    line = str(error)
    assert shown(line) == line
    assert len(line) < 20_000


@pytest.mark.parametrize("preset", [{}, FULL], ids=["default", "full"])
@given(data=st.data())
def test_a_config_loads_or_says_why_not(preset: dict[str, Any], data: st.DataObject) -> None:
    whole = json.loads(json.dumps(DEFAULT))
    update_config(whole, preset)
    given = data.draw(hostile.broken(whole))
    try:
        loaded = config.load(given)
    except UserError as error:
        one_line(error)
    else:
        assert config.Config.model_validate(loaded.model_dump(exclude_unset=True))


@given(hostile.said({"teacher": {"model": "m", "temperature": 1.0}, "seed": 1}))
def test_a_stage_takes_its_settings_or_says_why_not(text: str) -> None:
    convert = stage.json_option(topics.Settings)
    with contextlib.suppress(argparse.ArgumentTypeError):
        convert(text)


@given(data=st.data())
def test_a_task_loads_or_says_why_not(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("tasks") / "sentiment.yaml"
    path.write_text(yaml.safe_dump(data.draw(hostile.broken(TASK))), encoding="utf-8")
    try:
        assert tasks.load(path).names
    except UserError as error:
        one_line(error)


@given(data=st.data())
def test_instructions_load_or_say_why_not(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("told") / "topics.yaml"
    path.write_text(yaml.safe_dump(data.draw(hostile.broken(TOLD))), encoding="utf-8")
    try:
        loaded = instructions.load(path, topics.TEMPLATES)
    except UserError as error:
        one_line(error)
    else:
        assert loaded.templates.keys() == topics.TEMPLATES.keys()
