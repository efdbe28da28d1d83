"""A chat template rendered as transformers does it, without importing transformers.

A template comes with a model and is somebody else's program: it runs in Jinja's sandbox.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from limbeck.errors import UserError
from limbeck.student.encoding import DAY, Message


class _Generation(Extension):
    """The block ``{% generation %}``, which marks what the assistant says: its text alone."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


def _to_json(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
    # Jinja's own filter escapes HTML.
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)


class ChatTemplate:
    """A compiled chat template and the model's special tokens, such as ``bos_token``."""

    def __init__(self, source: str, tokens: Mapping[str, str | None]) -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[_Generation, "jinja2.ext.loopcontrols"],
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise
        environment.globals["strftime_now"] = DAY.strftime
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            raise UserError(f"the model's chat template cannot be read ({error})") from None
        self._tokens = {name: text for name, text in tokens.items() if text is not None}

    def render(self, messages: Sequence[Message], *, thinking: bool = False) -> str:
        """A conversation as text, up to where the assistant's next turn begins."""
        try:
            return self._template.render(
                messages=list(messages),
                tools=None,
                documents=None,
                add_generation_prompt=True,
                enable_thinking=thinking,
                **self._tokens,
            )
        except Exception as error:  # somebody else's program may raise anything
            raise UserError(f"the model's chat template refuses a prompt ({error})") from None
