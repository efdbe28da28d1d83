"""From conversations to tokens, and which of them a student learns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.student import control

Message = dict[str, str]
Span = tuple[int, int]
DAY = datetime(2025, 1, 1)  # told to templates that print today's date: rows stay what they are
OPENING = "<think>"  # of a trace
IGNORED = -100  # the label that PyTorch's cross entropy leaves out


@dataclass(frozen=True, slots=True)
class Sample:
    """A rendered conversation; ``spans`` are the characters that are learned."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids, and labels of the same length: the id where it is learned, else `IGNORED`."""

    input_ids: list[int]
    labels: list[int]


def render(
    tokenizer: Any,
    messages: Sequence[Message],
    *,
    thinking: bool = False,
    generation_prompt: bool = False,
) -> str:
    """The chat template's text. ``thinking`` is its switch, where it has one."""
    text: str = tokenizer.apply_chat_template(
        list(messages),
        tokenize=False,
        add_generation_prompt=generation_prompt,
        enable_thinking=thinking,
        strftime_now=DAY.strftime,
    )
    return text


def plain(tokenizer: Any, text: str) -> Sample:
    """A text as it is, all of it learned, as the base read its own: BOS where it adds one, EOS."""
    bos = tokenizer.bos_token or ""
    start = bos if bos and tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id else ""
    whole = start + text + tokenizer.eos_token
    return Sample(whole, ((len(start), len(whole)),))


def samples(tokenizer: Any, messages: Sequence[Message], thinking: bool) -> list[Sample]:
    """A conversation as rendered samples in which each assistant's turn is learned once.

    What is learned of a turn is what follows the prompt that a user of the model would send: the
    conversation so far, rendered with the generation prompt. A template that renders the past
    otherwise than the present (many drop earlier `<think>` blocks) makes a later rendering
    disagree with an earlier one; then the turns become samples of their own.
    """
    found: list[Sample] = []
    turns = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    for index in reversed(turns):
        text, span = _turn(tokenizer, messages[: index + 1], thinking)
        for position, sample in enumerate(found):
            if sample.text.startswith(text):
                found[position] = Sample(sample.text, (span, *sample.spans))
                break
        else:
            found.append(Sample(text, (span,)))
    return found[::-1]


def _turn(tokenizer: Any, messages: Sequence[Message], thinking: bool) -> tuple[str, Span]:
    """The text up to the end of the last, an assistant's, turn, and where that turn is."""
    prompt = render(tokenizer, messages[:-1], thinking=thinking, generation_prompt=True)
    text = render(tokenizer, messages, thinking=thinking)
    content = messages[-1]["content"]
    if not text.startswith(prompt) or not _contains(text[len(prompt) :], content):
        # The template changes or strips what the assistant said: put the turn together from the
        # prompt, the content as it is, and what the template puts after a plain answer.
        text = prompt + _after_prompt(prompt, content) + _ending(tokenizer, messages, thinking)
    return text, (len(prompt), len(text))


def _contains(text: str, content: str) -> bool:
    parts = content.replace(OPENING, "</think>").split("</think>")
    return all(part.strip() in text for part in parts)


def _after_prompt(prompt: str, content: str) -> str:
    if is_open(prompt) and content.lstrip().startswith(OPENING):
        return content.lstrip()[len(OPENING) :].lstrip()
    return content


def is_open(prompt: str) -> bool:
    """Whether a template has opened a trace at a prompt's end, as those of some models do."""
    return prompt.rstrip().endswith(OPENING)


def _ending(tokenizer: Any, messages: Sequence[Message], thinking: bool) -> str:
    mark = "limbeck-answer"
    plain = [*messages[:-1], {"role": "assistant", "content": mark}]
    _, found, ending = render(tokenizer, plain, thinking=thinking).rpartition(mark)
    if not found:
        raise UserError("base: its chat template leaves out the assistant's answer")
    return ending


def stop_tokens(tokenizer: Any, generation_config: dict[str, Any]) -> set[int]:
    """Ids that end a generation: those of the generation config and the tokenizer's own."""
    named = generation_config.get("eos_token_id")
    ids = set(named if isinstance(named, list) else [named]) | {tokenizer.eos_token_id}
    return {index for index in ids if index is not None}


def encode(tokenizer: Any, sample: Sample, stops: set[int]) -> Encoded:
    """Tokenise a sample. The stop token of a turn is learned; what a template puts after it is not.

    Raises:
        UserError: a turn has no stop token, so that the student would never learn to end.
    """
    ids, offsets = control.tokenize(tokenizer, sample.text)
    labels = [IGNORED] * len(ids)
    for start, end in sample.spans:
        turn = [index for index, (left, _) in enumerate(offsets) if start <= left < end]
        ends = [index for index in turn if ids[index] in stops]
        if not ends:
            raise UserError(
                f"base: its chat template ends an answer with {sample.text[end - 20 : end]!r}, "
                f"where none of the stop tokens {tokenizer.convert_ids_to_tokens(sorted(stops))} is"
            )
        for index in range(turn[0], ends[-1] + 1):
            labels[index] = ids[index]
    return Encoded(ids, labels)


def dataset(
    tokenizer: Any, rows: Iterable[Row], stops: set[int], max_length: int
) -> tuple[list[Encoded], dict[str, int]]:
    """Encode rows; rows over ``max_length`` tokens or without an answer are dropped, never cut.

    Returns the samples and the counts `rows`, `used`, `too_long`, `no_answer`, `control` (rows
    whose words hold control tokens, which are encoded as text) and `tokens`.
    """
    encoded: list[Encoded] = []
    counts = {"rows": 0, "used": 0, "too_long": 0, "no_answer": 0, "control": 0, "tokens": 0}
    for row in rows:
        counts["rows"] += 1
        said = [{"role": m["role"], "content": m["content"]} for m in row["messages"]]
        messages = control.hidden(tokenizer, said)
        counts["control"] += messages != said
        form = row.get("form")
        if form == "text":
            parts = [plain(tokenizer, messages[0]["content"])]
        else:
            parts = samples(tokenizer, messages, form == "thinking")
        if not parts:
            counts["no_answer"] += 1
            continue
        new = [encode(tokenizer, part, stops) for part in parts]
        if any(len(part.input_ids) > max_length for part in new):
            counts["too_long"] += 1
            continue
        counts["used"] += 1
        counts["tokens"] += sum(len(part.input_ids) for part in new)
        encoded += new
    return encoded, counts
