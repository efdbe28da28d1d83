"""A model behind an OpenAI-compatible endpoint: it generates, it gives no log-likelihood."""

from collections.abc import Sequence
from pathlib import Path

from limbeck.config import Connection, TeacherSettings
from limbeck.errors import UserError
from limbeck.files import digest
from limbeck.models.protocol import Done, Generation, ignore
from limbeck.student.encoding import Message
from limbeck.teacher.client import Reply, Request, ask, check_answered


class EndpointModel:
    """A teacher as one of the scored models."""

    gives_likelihood = False

    def __init__(self, teacher: TeacherSettings, connection: Connection, journal: Path) -> None:
        self._teacher, self._connection, self._journal = teacher, connection, journal
        self.digest = digest(teacher.model_dump(exclude={"questions"}))
        self.tools: dict[str, str] = {}
        self.max_tokens: int | None = teacher.max_tokens

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: int,
        *,
        thinking: bool = False,
        done: Done = ignore,
    ) -> list[Generation]:
        """Replies of the endpoint, from the journal where they are known.

        The limit is the teacher's own ``max_tokens``, since its reasoning counts too, and whether
        it thinks is said by its own ``extra_body``.

        Raises:
            UserError: the endpoint failed on a prompt; a score without it would not be the model's.
        """
        requests = [self._request(messages) for messages in prompts]
        replies = ask(requests, self._teacher, self._connection, self._journal)
        check_answered(replies, self._journal)
        found = [Generation(self._text(reply), reply.failure or "stop") for reply in replies]
        for place, reply in enumerate(found):
            done(place, reply)
        return found

    def count(self, text: str) -> None:
        """An endpoint counts what it was sent, and nothing else."""

    def _text(self, reply: Reply) -> str:
        return reply.content

    def _request(self, messages: Sequence[Message]) -> Request:
        return Request(messages)

    def loglikelihood(
        self,
        prompts: Sequence[Sequence[Message]],
        options: Sequence[Sequence[str]],
        *,
        done: Done = ignore,
    ) -> list[list[float]]:
        """Refused: chat endpoints give no log-probabilities of given text."""
        raise UserError("an endpoint gives no log-likelihood; it can only generate")
