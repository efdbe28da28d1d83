"""Ways to ask a model: a checkpoint in transformers, a GGUF file in llama.cpp, an endpoint.

All of them are given the same messages and answer greedily, so that the forms of one model can be
compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from limbeck.config import Connection, TeacherSettings
from limbeck.errors import UserError
from limbeck.models import hub
from limbeck.student.chat import Message

TEACHER = "teacher"  # the name of the model that is asked over HTTP


@dataclass(frozen=True, slots=True)
class Generation:
    """A model's reply. ``finish_reason`` is "stop", "length", or why an endpoint failed."""

    text: str
    finish_reason: str


Done = Callable[[int, Any], None]  # told of each answer as it comes: the prompt's place, the answer


def ignore(place: int, answer: Any) -> None:
    """Tell nobody of an answer."""


class Model(Protocol):
    """A model that can be asked. Replies come in the order of the prompts.

    What all prompts begin with, such as the same worked examples, is computed once.
    """

    digest: str  # of all that decides its answers
    tools: dict[str, str]  # form of its weights, versions of the libraries that run it
    gives_likelihood: bool

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: int,
        *,
        thinking: bool = False,
        done: Done = ignore,
    ) -> list[Generation]:
        """Greedy replies of at most ``max_tokens`` tokens.

        ``thinking`` is the switch of the chat template, where it has one.
        """

    def loglikelihood(
        self,
        prompts: Sequence[Sequence[Message]],
        options: Sequence[Sequence[str]],
        *,
        done: Done = ignore,
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
    trust_remote_code: bool = False,
) -> Model:
    """The model in a checkpoint's folder or a GGUF file, of the hub, or an endpoint ("teacher").

    A model of the hub is ``owner/model``, a GGUF file there ``owner/repo/file.gguf``, each with
    ``@commit`` after it where a commit is meant. Only the libraries that this kind of model needs
    are imported. Code that lies in a folder runs only with ``trust_remote_code``.

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
    path = Path(name).expanduser()
    if not path.exists() and hub.NAME.fullmatch(name):
        path = hub.fetch(name)
    if path.is_dir():
        from limbeck.models.transformers_model import TransformersModel

        return TransformersModel(path, batch, threads, trust_remote_code)
    if path.is_file() and path.suffix == ".gguf":
        from limbeck.models.gguf_model import GgufModel

        return GgufModel(path, batch, threads)
    raise UserError(
        f"{name}: a checkpoint's folder, a .gguf file, a name of the hub (owner/model) or "
        f"{TEACHER!r} is wanted"
    )


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


def shared(ids: Sequence[list[int]]) -> int:
    """How many tokens all prompts begin with; each prompt keeps one token of its own at least."""
    if len(ids) < 2:
        return 0
    lowest, highest = min(ids), max(ids)  # what these two share, all between them share
    same = (a == b for a, b in zip(lowest, highest, strict=False))
    count = next((place for place, equal in enumerate(same) if not equal), len(lowest))
    return min(count, min(map(len, ids)) - 1)


def say_if_long(lengths: Sequence[int], context: int | None) -> None:
    """Say aloud how many prompts, with their answers, are longer than a model was trained on."""
    long = sum(length > context for length in lengths) if context else 0
    if long:
        print(f"{long} of {len(lengths)} prompts are longer than the model's {context} tokens")
