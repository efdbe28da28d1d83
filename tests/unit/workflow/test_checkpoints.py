"""What a student starts from, and is merged from."""

from pathlib import Path

import pytest

from configs import config
from limbeck.files import write_text
from limbeck.workflow import checkpoints, named
from limbeck.workflow.build import load


def test_what_a_student_is_merged_from_is_an_input(tmp_path: Path) -> None:
    """Folders file by file; what is of the hub is looked at before a run."""
    expert = tmp_path / "expert"
    write_text(expert / "model.safetensors", "x")
    write_text(tmp_path / "base/model.safetensors", "x")  # a folder of that name is not meant
    parts = {str(expert): 0.5, "base": 0.4, "student:tiny": 0.2, "owner/part@c0ffee": 0.1}
    merge = {"origin": "owner/origin", "parts": parts}
    values = config()
    values["students"]["mended"] = {"base": "owner/model", "merge": merge}
    build = load(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        found = checkpoints.merged_files(build.student("mended"))
        assert found == [str(expert / "model.safetensors")]
    asked = [(one.key, one.name) for one in named.repositories(build)]
    for name in ("origin", "part"):
        assert ("students.mended.merge", f"owner/{name}") in asked
