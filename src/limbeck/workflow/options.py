"""The build that the options of a command stand for."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck.config.options import config_of, given, merged
from limbeck.errors import UserError
from limbeck.workflow.build import Build, load


def build_of(paths: Sequence[Path], pairs: Sequence[str]) -> Build:
    """The build of the config that snakemake would read, given the same options."""
    return load(config_of(paths, pairs))


def overlaid(config: Mapping[str, Any], pairs: Sequence[str]) -> dict[str, Any]:
    """What Snakemake read, with the pairs of ``--config`` read anew, like a config file.

    The Snakefile calls this; it leaves with one line where a pair cannot be read.
    """
    try:
        whole: dict[str, Any] = merged(config, given(pairs))
    except UserError as error:
        sys.exit(f"error: {error}")
    return whole
