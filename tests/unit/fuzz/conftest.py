"""How many cases: a few of each with all tests, ten thousand together with `make fuzz`."""

import pytest
from hypothesis import HealthCheck, settings

# What is slow to begin with (tokenizers, tables) is no fault of a case.
_ALL = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("few", max_examples=12, derandomize=True, **_ALL)
settings.register_profile("many", max_examples=1000, print_blob=True, **_ALL)


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--hypothesis-profile"):
        settings.load_profile("few")
