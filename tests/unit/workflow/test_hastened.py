"""What would cost a plan time with every job."""

import inspect
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from snakemake.io import ancient
from test_build_inputs import config

from limbeck import config as configuration
from limbeck.config import Role
from limbeck.config.teacher import Teachers
from limbeck.languages import search
from limbeck.workflow import hastened
from limbeck.workflow.build import Build, load


def test_signatures_of_the_rules_functions_are_read_once() -> None:
    def files(wildcards: Any) -> list[str]:
        return [wildcards.language]

    def settings(wildcards: Any, input: Any) -> str:
        return str(input)

    rule = SimpleNamespace(input=["a/file", ancient(files)], params=[settings, 3, load])
    hastened.hasten(SimpleNamespace(rules=[rule]))
    for function in (files, settings, load):
        assert inspect.signature(function) is inspect.signature(function)
    assert list(inspect.signature(settings).parameters) == ["wildcards", "input"]


def test_teachers_are_worked_out_once_however_many_languages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked_out = 0
    role = Teachers.role

    def counted(self: Teachers, name: Any) -> Any:
        nonlocal worked_out
        worked_out += 1
        return role(self, name)

    monkeypatch.setattr(Teachers, "role", counted)
    counts = []
    for number in (1, 40):
        build = Build(configuration.load(config()), search("")[:number])
        worked_out = 0
        for code in build.codes:
            for name in get_args(Role):
                build.teacher(name, code)
        counts.append(worked_out)
    assert counts[0] == counts[1]
