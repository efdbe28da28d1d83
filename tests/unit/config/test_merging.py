"""Configs are put over one another as Snakemake does it, whoever reads them."""

import copy
from typing import Any

import pytest
from snakemake.utils import update_config

from limbeck.config.options import given, merged
from limbeck.errors import UserError


@pytest.mark.parametrize(
    ("base", "over"),
    [
        ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}),
        ({"a": {"b": 1}}, {"a": 2}),
        ({"a": 1}, {"a": {"b": 2}}),
        ({"a": [1, 2]}, {"a": [3]}),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": None}}),
        ({"a": {"b": 1}}, {"a": {}}),
        ({"a": None}, {"a": {"b": 1}}),
        ({"a": None}, {"a": {}}),
        ({"a": 1}, {"a": {}}),
        ({"a": None}, {"a": {"b": {}}}),
    ],
)
def test_as_snakemake_does_it(base: dict[str, Any], over: dict[str, Any]) -> None:
    theirs = copy.deepcopy(base)
    update_config(theirs, copy.deepcopy(over))
    assert merged(base, over) == theirs


def test_values_of_the_command_line_are_read_like_those_of_a_file() -> None:
    pairs = ["languages=[Welsh]", "benchmarks={limit: 4, teacher: false}", "budget=", "keep=2.5"]
    assert given([*pairs, "benchmarks={shots: null}"]) == {
        "languages": ["Welsh"], "benchmarks": {"limit": 4, "teacher": False, "shots": None},
        "budget": None, "keep": 2.5,
    }  # fmt: skip
    for wrong, said in (("keep", "KEY=VALUE is wanted"), ("keep={", "not YAML")):
        with pytest.raises(UserError, match=said):
            given([wrong])
