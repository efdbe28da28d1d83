"""Ways to ask a model: a checkpoint in transformers, a GGUF file in llama.cpp, an endpoint.

All of them are given the same messages and answer greedily, so that the forms of one model can be
compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from limbeck.config import Connection, TeacherSettings
from limbeck.errors import UserError
from limbeck.student.chat import Message

TEACHER = "teacher"  # the name of the model that is asked over HTTP


@dataclass(frozen=True, slots=True)
class Generation:
    """A model's reply. ``finish_reason`` is "stop", "length", or why an endpoint failed."""

    text: str
    finish_reason: str


class Model(Protocol):
    """A model that can be asked. Replies come in the order of the prompts."""

    digest: str  # of all that decides its answers
    tools: dict[str, str]  # versions of the libraries that run it
    gives_likelihood: bool

    def generate(self, prompts: Sequence[Sequence[Message]], max_tokens: int) -> list[Generation]:
        """Greedy replies of at most ``max_tokens`` tokens."""

    def loglikelihood(
        self, prompts: Sequence[Sequence[Message]], options: Sequence[Sequence[str]]
    ) -> list[list[float]]:
        """For each prompt the log-probability (nats) of each of its options as the reply.

        An option's log-probability is the sum over its tokens; the end of the reply is not part
        of it. Single-token options cost one forward pass an item; for longer ones the prompt is
        computed once.
        """


def open_model(
    name: str,
    batch: int,
    threads: int,
    teacher: TeacherSettings | None = None,
    connection: Connection | None = None,
    journal: Path | None = None,
) -> Model:
    """The model in a checkpoint's folder or a GGUF file, or behind an endpoint ("teacher").

    Only the libraries that this kind of model needs are imported.

    Raises:
        UserError: there is no such model, or an endpoint is not described in full.
    """
    if name == TEACHER:
        if teacher is None or connection is None or journal is None:
            raise UserError(
                "the model 'teacher' is asked over HTTP: --settings with 'teacher', "
                "--connection and --journal are wanted"
            )
        from limbeck.models.endpoint_model import EndpointModel

        return EndpointModel(teacher, connection, journal)
    path = Path(name)
    if path.is_dir():
        from limbeck.models.transformers_model import TransformersModel

        return TransformersModel(path, batch, threads)
    if path.is_file() and path.suffix == ".gguf":
        from limbeck.models.gguf_model import GgufModel

        return GgufModel(path, batch, threads)
    raise UserError(f"{name}: a checkpoint's folder, a .gguf file or {TEACHER!r} is wanted")


def continuations(
    encode: Callable[[str], list[int]], prompt: str, options: Sequence[str]
) -> tuple[list[int], list[list[int]]]:
    """The tokens that a rendered prompt and its options share, and each option's own after them.

    Prompt and option are tokenised together, as they were in training. Where a token spans their
    border it counts to the option, for all options alike.

    Raises:
        UserError: the chat template writes nothing before the answer.
    """
    wholes = [encode(prompt + option) for option in options]
    shared = min(len(ids) for ids in wholes) - 1  # an option keeps one token at least
    for ids in (encode(prompt), *wholes[1:]):
        pairs = zip(ids, wholes[0], strict=False)
        same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(ids), len(wholes[0])))
        shared = min(shared, same)
    if shared < 1:
        raise UserError("the model's chat template writes nothing before the answer")
    return wholes[0][:shared], [ids[shared:] for ids in wholes]


def say_if_long(lengths: Sequence[int], context: int | None) -> None:
    """Say aloud how many prompts, with their answers, are longer than a model was trained on."""
    long = sum(length > context for length in lengths) if context else 0
    if long:
        print(f"{long} of {len(lengths)} prompts are longer than the model's {context} tokens")
