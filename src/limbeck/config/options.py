"""The options by which a command is given the config that snakemake would read."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from limbeck.errors import UserError


def add_config(command: argparse.ArgumentParser) -> None:
    """The options by which snakemake is given a config."""
    command.add_argument("--configfile", type=Path, nargs="+", default=[], help="as for snakemake")
    command.add_argument(
        "--config", nargs="+", default=[], metavar="KEY=VALUE", help="as for snakemake"
    )


def config_of(paths: Sequence[Path], pairs: Sequence[str]) -> dict[str, Any]:
    """The config that snakemake would read, given the same options; not validated.

    Raises:
        UserError: a file or a pair is not of the form of a config.
    """
    whole: dict[str, Any] = {}
    for path in [Path("config/config.yaml"), *paths]:
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except FileNotFoundError:
            raise UserError(f"{path}: there is no such file; run this in the repository") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
        if not isinstance(content, dict):
            raise UserError(f"{path}: a mapping is wanted")
        whole = merged(whole, content)
    whole = merged(whole, given(pairs))
    return whole


def given(pairs: Sequence[str]) -> dict[str, Any]:
    """The values of ``--config``, read like those of a config file.

    Snakemake itself takes a number or a null inside a mapping for a text.

    Raises:
        UserError: a pair is none, or its value is not YAML.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, is_pair, value = pair.partition("=")
        if not is_pair:
            raise UserError(f"--config {pair}: KEY=VALUE is wanted")
        try:
            found = merged(found, {name: yaml.safe_load(value)})
        except yaml.YAMLError as error:
            raise UserError(f"--config {pair}: not YAML ({' '.join(str(error).split())})") from None
    return found


def merged(base: Any, over: Any) -> Any:
    """Mappings are merged, key by key; anything else is replaced: as Snakemake does it.

    So an empty mapping changes nothing, not even a null.
    """
    if not isinstance(over, dict):
        return over
    if not isinstance(base, dict):
        if not over:
            return base
        base = {}
    return {**base, **{key: merged(base.get(key, {}), value) for key, value in over.items()}}
