"""Rows whose words hold control tokens of chat templates: they stay, and are learned as text."""

from limbeck.dataset.funnel import Reason, Step
from limbeck.dataset.texts import turns
from limbeck.files import Row
from limbeck.sources.texts import harmless


def control_tokens() -> Step:
    """The step that counts them in its note. A student's own training counts its own tokens."""
    held = 0

    def reason(row: Row) -> Reason:
        nonlocal held
        words = [*turns(row), row.get("reasoning") or ""]
        if any(harmless(text) != text for text in words):
            held += 1
            step.note = f"{held:,} rows hold control tokens of chat templates, learned as text"
        return None

    step = Step("control_tokens", reason)
    return step
