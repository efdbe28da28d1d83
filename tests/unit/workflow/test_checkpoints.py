"""What a student starts from, is merged from, and has its licence from."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from configs import config
from limbeck.files import write_text
from limbeck.workflow import checkpoints, named, shown
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


MERGE = {"origin": "ibm-granite/granite-4.0-micro-base@c0ffee"}
BASES = [
    ({"base": "builtin:tiny"}, "apache-2.0"),
    ({"base": "ibm-granite/granite-4.0-micro"}, "apache-2.0"),
    ({"base": "google/gemma-3-1b-it"}, None),
    ({"base": "student:tiny"}, "apache-2.0"),
    (
        {
            "base": "ibm-granite/granite-4.0-micro",
            "merge": {**MERGE, "parts": {"base": 0.4, "student:tiny": 0.6}},
        },
        "apache-2.0",
    ),
    ({"base": "student:tiny", "merge": {**MERGE, "parts": {"owner/model": 1.0}}}, None),
]


@pytest.mark.parametrize(("student", "licence"), BASES)
def test_a_models_files_have_the_licence_of_its_base(
    student: dict[str, Any], licence: str | None
) -> None:
    values = config()
    values["students"]["own"] = student
    wildcards = SimpleNamespace(language="swh_Latn", student="own")
    for stated in (None, "mit"):
        values["gguf"]["license"] = stated
        build = load(values)
        assert json.loads(build.metadata(wildcards))["license"] == (stated or licence)
        assert json.loads(shown.model(build, "swh_Latn"))["licenses"]["own"] == (stated or licence)
