"""What is worth knowing of a student's training, for its page and its card."""

from collections.abc import Iterator

from limbeck.report import names
from limbeck.report.collect import Student

_COUNTS = {
    "by_strategy": "rows by strategy",
    "by_form": "rows by form",
    "by_pivot": "rows by way of another language",
}


def of(student: Student) -> Iterator[tuple[str, str]]:
    """Terms and values."""
    training = student.training
    settings = student.settings.get("training", {})
    yield "base", str(student.settings.get("base", "?"))
    if merge := student.settings.get("merge"):
        parts = ", ".join(f"{weight:g} of {name}" for name, weight in merge["parts"].items())
        yield "merged", f"{parts}, as differences from {merge['origin']}"
        settings = {}
    if settings.get("method"):
        yield "method", "full fine-tuning" if settings["method"] == "full" else "LoRA"
    counts = student.mixture.get("train", {})
    for key, name in _COUNTS.items():
        if key in counts:
            yield name, ", ".join(f"{k} {names.count(v)}" for k, v in counts[key].items())
    lost = (
        training.get("rows", {}).get("train", {}) if isinstance(training.get("rows"), dict) else {}
    )
    for key, name in (("tokens", "tokens"), ("too_long", "rows too long, dropped")):
        if key in lost:
            yield name, names.count(lost[key])
    if "tokens_seen" in training:
        yield "tokens seen", names.count(training["tokens_seen"])
    for key, name, instead in (
        ("epochs", "epochs", "max_steps"),
        ("max_steps", "steps", ""),
        ("learning_rate", "learning rate", ""),
        ("step_tokens", "tokens a step", "step_rows"),
        ("step_rows", "rows a step", ""),
    ):
        if settings.get(key) is not None and settings.get(instead) is None:
            yield name, f"{settings[key]:g}"
    if student.seconds is not None:
        yield "training time", names.duration(student.seconds)
    for key in ("device", "precision"):
        if key in training:
            yield key, str(training[key])
    for kind, size in student.gguf.items():
        yield f"GGUF {kind}", names.size(size)
    if "agreement" in student.parity:
        yield "GGUF like checkpoint", f"{student.parity['agreement']:.2%} of next tokens"
