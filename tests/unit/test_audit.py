"""What is said of a lock's licences and vulnerabilities."""

import importlib.util
import json
import subprocess
import sys
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("audit", ROOT / "requirements/audit.py")
assert _spec is not None
assert _spec.loader is not None
audit = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(audit)


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT"), ("License", "x")], "MIT"),
        ([("Classifier", "License :: OSI Approved :: MIT License")], "MIT License"),
        ([("Classifier", "License :: OSI Approved"), ("License", "BSD\nlong text")], "BSD"),
        ([("Classifier", "Programming Language :: Python")], "not stated"),
    ],
)
def test_a_licence_is_one_line(fields: list[tuple[str, str]], licence: str) -> None:
    stated = Message()
    for name, value in fields:
        stated[name] = value
    assert audit.licence(stated) == licence


KNOWN = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
CLEAN = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "a", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ([CLEAN, KNOWN], 1, "b 2: PYSEC-1, mended in 3"),
        ([CLEAN, {**KNOWN, "vulns": []}], 0, "0 known of 2 packages that were looked up"),
        ([SKIPPED, {**KNOWN, "vulns": []}], 2, "not looked up: 1 of the 2 packages"),
        (None, 2, "not looked up: 2 of the 2 packages"),
    ],
)
def test_what_was_not_looked_up_is_never_called_clean(
    tmp_path: Path, answer: object, code: int, said: str
) -> None:
    program = tmp_path / "pip-audit"
    if answer is not None:
        text = json.dumps({"dependencies": answer, "fixes": []})
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
        program.chmod(0o755)
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1 --hash=sha256:0\nb==2 --hash=sha256:0\n")
    command = [sys.executable, ROOT / "requirements/audit.py", "--lock", lock]
    done = subprocess.run([*command, "--pip-audit", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (code, "")
    assert said in done.stdout
    assert "not installed here: a, b" in done.stdout
