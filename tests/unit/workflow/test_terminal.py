"""What a person sees of a run: records as Snakemake makes them."""

import logging
from pathlib import Path
from typing import Any

from limbeck.workflow.terminal import Lines


def shown(records: list[tuple[str | None, str, dict[str, Any]]]) -> list[str]:
    """The messages that are left of (event, message, fields)."""
    lines, found = Lines(), []
    for event, message, fields in records:
        record = logging.LogRecord("snakemake", logging.INFO, "", 0, message, None, None)
        record.__dict__ |= {"event": event, **fields}
        if lines.filter(record):
            found.append(str(record.msg))
    return found


def test_a_stage_is_a_line_and_an_error_is_last(tmp_path: Path) -> None:
    log = tmp_path / "logs/create_base.log"
    log.parent.mkdir()
    log.write_text("fetching\nerror: the base has no chat template\n")
    job = {"rule_name": "write_topics", "wildcards": {"language": "swh_Latn"},
           "resources": {"connection": '{"url": "http://x"}'}, "jobid": 7}  # fmt: skip
    failed = {"rule_name": "create_base", "wildcards": {"language": "swh_Latn", "student": "tiny"},
              "log": [str(log)], "jobid": 8}  # fmt: skip
    found = shown([
        ("workflow_started", "", {}),
        (None, "Building DAG of jobs...", {}),
        ("run_info", "Job stats:\njob      count", {}),
        (None, "Select jobs to execute...", {}),
        ("job_info", "rule write_topics", job),
        ("job_finished", "Finished jobid: 7", {"job_id": 7}),
        ("progress", "", {"done": 1, "total": 9}),
        ("job_info", "rule create_base", failed),
        ("error", "RuleException:\nCalledProcessError in file Snakefile", {}),
        ("job_error", "", failed),
        (None, "Shutting down, this might take some time.", {}),
        ("error", "WorkflowError:\nAt least one job did not complete successfully.", {}),
    ])  # fmt: skip
    assert found[0].startswith("Job stats:")
    assert found[1].startswith("1 of 9  write_topics swh_Latn  ")
    assert found[2:] == [f"error: create_base swh_Latn tiny: the base has no chat template ({log})"]
    assert "http" not in "".join(found)


def test_an_error_of_the_workflow_itself_is_shown() -> None:
    words = "MissingInputException in rule x: nothing makes it"
    assert shown([("error", words, {})]) == [words]


def test_a_job_that_said_nothing(tmp_path: Path) -> None:
    log = str(tmp_path / "none.log")
    [line] = shown([("job_error", "", {"rule_name": "x", "wildcards": {}, "log": [log]})])
    assert line == f"error: x: it failed and said nothing ({log})"
