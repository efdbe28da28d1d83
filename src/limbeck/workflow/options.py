"""The build that the options of a command stand for."""

from collections.abc import Sequence
from pathlib import Path

from limbeck.config.options import config_of
from limbeck.workflow.build import Build, load


def build_of(paths: Sequence[Path], pairs: Sequence[str]) -> Build:
    """The build of the config that snakemake would read, given the same options."""
    return load(config_of(paths, pairs))
