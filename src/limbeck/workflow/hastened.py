"""Plans in less time: what Snakemake would do again and again, for each of thousands of jobs."""

import gc
import inspect
from typing import Any


def hasten(workflow: Any) -> None:
    """Ready the rules read so far for a graph of thousands of jobs; none of it changes a plan."""
    # Snakemake looks at the signature of a rule's function three times for each of its jobs.
    for rule in workflow.rules:
        for item in (*rule.input, *rule.params):
            function = getattr(item, "callable", item)  # under an ancient() or not
            if inspect.isfunction(function):
                function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    # What was read lives to the end: the garbage collector need not come back to it.
    gc.freeze()
