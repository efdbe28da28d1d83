"""The config's section on what trains and scores, and a table of such devices."""

import re
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from limbeck.config.section import Section


class Chip(NamedTuple):
    """What a device can do at most."""

    flops: float  # a second, of dense bfloat16 matrices whose sums have 32 bits
    bandwidth: float  # bytes of its memory a second
    memory: float  # bytes


# NVIDIA's data sheets of the data centre's devices, without sparsity, and its white papers on the
# architectures of the others (GA102, AD102, RTX Blackwell). Of two forms of a device the faster.
CHIPS = {
    "B200": Chip(2250e12, 8.0e12, 180e9),
    "H200": Chip(989e12, 4.8e12, 141e9),
    "H100": Chip(989e12, 3.35e12, 80e9),
    "H100 PCIe": Chip(756e12, 2.0e12, 80e9),
    "A100 80GB": Chip(312e12, 2.0e12, 80e9),
    "A100 40GB": Chip(312e12, 1.55e12, 40e9),
    "L40S": Chip(362e12, 0.864e12, 48e9),
    "RTX A6000": Chip(155e12, 0.768e12, 48e9),
    "RTX 5090": Chip(210e12, 1.79e12, 32e9),
    "RTX 4090": Chip(165e12, 1.01e12, 24e9),
    "RTX 3090": Chip(71e12, 0.936e12, 24e9),
    "A10": Chip(125e12, 0.6e12, 24e9),
    "L4": Chip(121e12, 0.3e12, 24e9),
}


def chip(said: str) -> str | None:
    """The name of the table for what a driver calls a device, such as NVIDIA A100-SXM4-80GB.

    None where the table does not have it: part of a name is another device (L4, L40S).
    """
    words = set(re.findall(r"[a-z0-9]+", said.lower()))
    found = [name for name in CHIPS if set(name.lower().split()) <= words]
    return max(found, key=lambda name: len(name.split()), default=None)


def _of_the_table(name: str) -> str:
    if name not in CHIPS:
        raise ValueError(f"this device is not in the table; allowed: {', '.join(CHIPS)}")
    return name


class Hardware(Section):
    """What trains and scores, for plans and bills."""

    device: Annotated[str, AfterValidator(_of_the_table)] | None = Field(
        description="The GPU that a plan reckons with; null: this machine's (speed only)"
    )
    price: float | None = Field(ge=0, description="Dollars that it costs an hour (speed only)")
