"""What a person sees while Snakemake runs: a line for each finished stage, an error last and once.

What the stages say is in their logs. A dry run, and one that is asked for more (--verbose,
--printshellcmds), is left as Snakemake shows it.
"""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limbeck.errors import shown

# How messages begin that tell of Snakemake's own work.
_NOISE = (
    "Assuming unrestricted",
    "Building DAG",
    "Complete log(s)",
    "Elapsed time",
    "Execute ",
    "Exiting because",
    "Group jobs: inactive",
    "Provided ",
    "Rules claiming",
    "Select jobs",
    "Shutting down",
    "Using shell",
    "Using workflow specific profile",
)
# An error of a job, which is told by its own line.
_AGAIN = ("RuleException", "CalledProcessError", "At least one job did not complete")
_DROPPED = {"workflow_started", "group_info", "resources_info", "shellcmd", "job_started"}


class Lines(logging.Filter):
    """A filter that leaves the lines for people, and rewrites what they say."""

    def __init__(self) -> None:
        super().__init__()
        self._begun: dict[Any, tuple[str, float]] = {}  # by a job's number: what it is, since when
        self._finished = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown; its event and fields are Snakemake's."""
        event, fields = str(getattr(record, "event", "") or ""), record.__dict__
        if event == "job_info":
            self._begun[fields["jobid"]] = described(fields), time.monotonic()
        elif event == "job_finished":
            what, since = self._begun.get(fields.get("job_id"), ("", 0.0))
            seconds = f"  {time.monotonic() - since:,.0f} s" if what else ""
            self._finished = f"{what}{seconds}"
        elif event == "progress":
            return _say(record, f"{fields['done']} of {fields['total']}  {self._finished}")
        elif event in ("job_error", "group_error"):
            return _say(record, f"error: {described(fields)}: {reason(fields.get('log') or [])}")
        else:
            text = str(record.msg).strip()
            again = event != "run_info" and any(part in text for part in _AGAIN)
            return (
                bool(text) and event not in _DROPPED and not again and not text.startswith(_NOISE)
            )
        return False


def _say(record: logging.LogRecord, text: str) -> bool:
    record.msg, record.args = text, None
    record.__dict__["event"] = None  # a plain message: it is shown as it is
    return True


def described(fields: Mapping[str, Any]) -> str:
    """A job's rule and wildcards, such as ``score_model swh_Latn tiny/base sib200``."""
    wildcards = dict(fields.get("wildcards") or {})
    rule = fields.get("rule_name") or fields.get("name") or "a job"
    return " ".join([str(rule), *map(str, wildcards.values())])


def reason(logs: list[str]) -> str:
    """What a failed job said last, and where the rest is."""
    for log in map(Path, logs):
        if log.is_file():
            lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
            said = [line for line in lines if line.startswith("error: ")] or list(
                filter(None, lines)
            )
            if said:
                return f"{shown(said[-1].removeprefix('error: '))} ({log})"
    return f"it failed and said nothing ({', '.join(logs) or 'no log'})"


def install(output: Any) -> None:
    """Have Snakemake's own handler say these lines; ``output`` is its output settings."""
    if output.dryrun or output.verbose or output.printshellcmds:
        return
    from snakemake.logging import logger

    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler" and not any(
            isinstance(one, Lines) for one in handler.filters
        ):
            handler.addFilter(Lines())
