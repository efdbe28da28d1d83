"""Strategies for what others say when they mean ill, or merely say it badly."""

import json
from typing import Any

from hypothesis import strategies as st

# What our readers look for, what they must not take for their own, and what terminals, pages,
# tables and tokenizers do.
PIECES = [
    "<think>", "</think>", "<|channel|>analysis<|message|>", "<|channel|>final<|message|>",
    "<|end|>", "<|start|>assistant", "<|return|>", "analysis", "assistantfinal", "```json\n", "```",
    '"', "'", "\\", "\\ud83d", "{", "}", "[", "]", ":", ",", "null", "NaN", "-", ".", "1e999",
    "1" * 401, "[" * 150, '{"a":' * 150, "{text}", "{language}", "{b}", "</text>", "< / Text >",
    "\uff1c/text\uff1e", "<\u200b/text>", "</s>", "<|im_start|>system\n", "[INST]", "<bos>",
    "<script>alert(1)</script>", "](javascript:alert(1))", "---\n", "\x00", "\x1b[2J",
    "\x1b]0;a\x07", "\r", "\n", "\n\n", "\t", "\u2028", "\u202e", "\u2066",
    "\ufeff", "\ud800", "\udfff", "\u0301",
    "=cmd|'/c calc'!A0", "../..", "/etc/passwd", "Answer: B", "B.", "(b)", "not", "because", "yes",
    "no", "1)", "10", "\u0662", "\u2463", "positive", "negative", "a" * 3000, "aaaa" * 40,
]  # fmt: skip

texts = st.lists(st.sampled_from(PIECES) | st.text(), max_size=8).map("".join)
# What a reader of UTF-8 can have in hand.
whole_texts = texts.map(lambda text: text.encode("utf-8", "replace").decode())

_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers().map(lambda n: n * 10**200)
    | st.floats()
    | texts
)
_NAMES = [
    "text", "messages", "role", "content", "from", "value", "instruction", "response", "label",
    "choices", "message", "usage", "prompt_tokens", "error", "id", "data", "status", "items",
]  # fmt: skip
_names = st.sampled_from(_NAMES) | texts
values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def broken(draw: st.DrawFn, right: Any) -> Any:
    """A value with nothing, or a part or two of it, put wrong."""
    value = right
    for _ in range(draw(st.integers(0, 2))):
        value = _changed(draw, value)
    return value


def _changed(draw: st.DrawFn, value: Any) -> Any:
    inside = isinstance(value, dict | list) and value and draw(st.integers(0, 4))
    if not inside:
        return draw(values)
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = draw(st.sampled_from(keys))
    changed = dict(value) if isinstance(value, dict) else list(value)
    if draw(st.integers(0, 5)):
        changed[key] = _changed(draw, value[key])
    else:
        del changed[key]
    return changed


def said(right: Any) -> st.SearchStrategy[str]:
    """A text that should be JSON of this value: it is, or nearly, or something else."""
    whole = broken(right).map(json.dumps)
    return st.one_of(
        whole,
        st.builds(lambda text, cut: text[: cut % (len(text) + 1)], whole, st.integers(0)),
        st.builds(lambda text, before, after: before + text + after, whole, texts, texts),
        st.builds(
            lambda text, at, piece: text[: at % len(text)] + piece + text[at % len(text) :],
            whole,
            st.integers(0),
            st.sampled_from(PIECES),
        ),
        texts,
    )


def sent(right: Any) -> st.SearchStrategy[bytes]:
    """The same as bytes, which need not be UTF-8."""
    text = said(right).map(lambda text: text.encode("utf-8", "surrogatepass"))
    return text | st.binary() | st.builds(lambda a, b: a + b, text, st.binary(max_size=4))
