"""The commands of plans and journals, as a person types them."""

import argparse

from limbeck import config
from limbeck.costs import commands

PRICE = config.Price(input=1.0, output=10.0)


def run(*arguments: str) -> int:
    """The exit code of `limbeck` with these arguments."""
    parser = argparse.ArgumentParser()
    commands.add_to(parser.add_subparsers())
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code
