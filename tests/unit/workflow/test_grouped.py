"""Which jobs a cluster is given as one, and for how long."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.resources import Resources

from limbeck.workflow import grouped
from limbeck.workflow.build import Build, load
from limbeck.workflow.cluster import GROUPED, Machine

CONFIG = Path(__file__).parents[3] / "config/config.yaml"


def machine(executor: str, *defaults: str) -> Machine:
    settings = SimpleNamespace(default_resources=Resources.parse(defaults, allow_expressions=True))
    plugin = SimpleNamespace(name=executor)
    return Machine(SimpleNamespace(executor_plugin=plugin, resource_settings=settings))


@pytest.fixture(scope="module")
def build() -> Build:
    values = yaml.safe_load(CONFIG.read_text())
    values["students"]["large"] = {"base": "owner/model-3B"}
    values["students"]["later"] = {"base": "student:large"}
    return load(values)


@pytest.mark.parametrize(
    ("student", "group"), [("tiny", "swh_Latn-tiny-student"), ("large", None), ("later", None)]
)
def test_the_stages_of_a_small_student_go_together(
    build: Build, student: str, group: str | None
) -> None:
    wildcards = SimpleNamespace(language="swh_Latn", student=student, model=f"{student}/Q8_0")
    for executor in ("slurm", "slurm-jobstep"):
        assert grouped.student(build, machine(executor), wildcards) == group
        assert grouped.score(build, machine(executor), wildcards) == group
    assert grouped.student(build, machine("local"), wildcards) is None


def test_what_comes_before_a_training_is_another_group(build: Build) -> None:
    wildcards = SimpleNamespace(language="swh_Latn", student="tiny", model="tiny/base")
    for group in (grouped.base, grouped.score):
        assert group(build, machine("slurm"), wildcards) == "swh_Latn-tiny-base"


def test_whoever_is_asked_is_scored_alone(build: Build) -> None:
    wildcards = SimpleNamespace(language="swh_Latn", model="teacher")
    assert grouped.score(build, machine("slurm"), wildcards) is None


@pytest.mark.parametrize(
    ("defaults", "alone"),
    [(["runtime=720"], 720), (["runtime=12h"], 720), (["runtime=60*attempt"], 120), ([], None)],
)
def test_a_job_has_a_groups_limit_or_the_profiles(defaults: list[str], alone: int | None) -> None:
    there = machine("slurm", *defaults)
    assert there.minutes("group", SimpleNamespace(), 2) == GROUPED
    assert there.minutes(None, SimpleNamespace(), 2) == alone
