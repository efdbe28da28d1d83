"""Where the checkpoints are that a student starts from or is merged from."""

from typing import Any

from limbeck.config import Student
from limbeck.workflow.places import local_files, manifest

_STUDENT = "student:"


def place(name: str, wildcards: Any) -> str:
    """A checkpoint by its name: a folder, a file, a model of the hub, `base`, `student:NAME`."""
    folder = f"results/{wildcards.language}"
    if name == "base":
        return f"{folder}/{wildcards.student}/base"
    if name.startswith(_STUDENT):
        return f"{folder}/{name.removeprefix(_STUDENT)}/checkpoint"
    return name


def merge(student: Student, wildcards: Any) -> dict[str, Any]:
    """What decides a merged student."""
    assert student.merge
    parts = {place(name, wildcards): weight for name, weight in student.merge.parts.items()}
    return {"origin": place(student.merge.origin, wildcards), "parts": parts}


def merged_files(student: Student) -> list[str]:
    """The files on this machine that a student is merged from, as a rule's input."""
    assert student.merge
    return local_files(*(name for name in student.merge.sources if name != "base"))


def merged_manifests(student: Student, wildcards: Any) -> list[str]:
    """The students that a student is merged from, as a rule's input."""
    return [manifest(place(f"{_STUDENT}{name}", wildcards)) for name in student.starts_from]
