"""The translator of the config as a scored model, where it is no chat model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from limbeck.config import Connection, TeacherSettings
from limbeck.errors import UserError
from limbeck.evaluation.items import Benchmark
from limbeck.evaluation.questions import Questions
from limbeck.generation import translate
from limbeck.generation.asking import user
from limbeck.models.endpoint_model import EndpointModel
from limbeck.student.encoding import Message
from limbeck.teacher.client import Reply, Request

NAME = "translator"


class Translator(EndpointModel):
    """It is given texts alone, in the form in which it is given conversations to translate."""

    form = "Translation"  # of its replies; tells the direction

    def _request(self, messages: Sequence[Message]) -> Request:
        return request(messages, self.form)

    def _text(self, reply: Reply) -> str:
        return "\n".join(turn.content for turn in getattr(reply.value, "messages", []))


class BackTranslator(Translator):
    """The same into English."""

    form = "BackTranslation"


def request(messages: Sequence[Message], form: str) -> Request:
    """What a translator is asked for texts; ``form`` is one of the above."""
    text = f"<conversation>{translate.quoted(messages)}</conversation>"
    return user(text, translate.reply_model(len(messages), form))


def direction(benchmark: Benchmark) -> type[Translator]:
    """The translator in a benchmark's direction."""
    return BackTranslator if benchmark.into_english else Translator


def open_translator(
    benchmark: Benchmark,
    teacher: TeacherSettings | None,
    connection: Connection | None,
    journal: Path | None,
) -> Translator:
    """The translator in a benchmark's direction.

    Raises:
        UserError: it is not described in full, or the benchmark asks for no translation.
    """
    if teacher is None or connection is None or journal is None:
        raise UserError(
            f"the model {NAME!r} is asked over HTTP: --settings with 'teacher', "
            "--connection and --journal are wanted"
        )
    if benchmark.kind != "translation":
        raise UserError(f"{benchmark.name}: a translator can only be asked for translations")
    return direction(benchmark)(teacher, connection, journal)


def texts(asked: Questions) -> Questions:
    """The items as a translator is given them: their texts, without worked examples."""
    prompts = [[{"role": "user", "content": item.words["text"]}] for item in asked.items]
    return replace(asked, prompts=prompts)
