"""Write a Modelfile, by which Ollama takes a student's GGUF file.

Ollama runs no Jinja: it knows the chat templates of well-known models, and gives any other model
the bare words. So the template is written anew in Go's language, from what the model's own one puts
around the turns of a conversation, and only if it then gives the same text for others.
(https://docs.ollama.com/modelfile, https://pkg.go.dev/text/template)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from limbeck.errors import UserError
from limbeck.files import read_json
from limbeck.models.chat_template import ChatTemplate
from limbeck.student.encoding import Message

# What Ollama gives a template: whether it is at the last message.
_LAST = "eq (len (slice $.Messages $i)) 1"
_TOKENS = ("bos_token", "eos_token", "pad_token")
_TRIED = ("u", "su", "uau", "suau", "uauau", "suauau")  # a letter a turn: system, user, assistant
_ROLES = {"s": "system", "u": "user", "a": "assistant"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands around the turns of a conversation."""

    default: str  # at its beginning, where it has no system prompt
    system: tuple[str, str]
    before_user: str
    answered: str  # after a user's turn that an answer follows
    asked: str  # after the last one: where the answer begins
    after_assistant: str

    @classmethod
    def of(cls, template: ChatTemplate, bos: str) -> Self | None:
        """Those of a template; None where it is no such chain of turns."""

        def around(roles: str) -> list[str]:
            turns = _turns(roles)
            rest, found = template.render(turns).removeprefix(bos), []
            for turn in turns:
                before, there, rest = rest.partition(turn["content"])
                if not there:
                    raise UserError("a turn is not in the text as it is")
                found.append(before)
            return [*found, rest]

        try:
            start, asked = around("u")
            _, answered, between, _ = around("uau")
            system, after_system, _ = around("su")
        except UserError:
            return None
        user = _common_end(start, between, after_system)
        return cls(
            default=start.removesuffix(user),
            system=(system, after_system.removesuffix(user)),
            before_user=user,
            answered=answered,
            asked=asked,
            after_assistant=between.removesuffix(user),
        )

    def render(self, messages: Sequence[Message]) -> str:
        """A conversation as Ollama makes it a text by `go`."""
        text = "" if messages[0]["role"] == "system" else self.default
        for number, turn in enumerate(messages, start=1):
            content = turn["content"]
            if turn["role"] == "system":
                text += self.system[0] + content + self.system[1]
            elif turn["role"] == "user":
                after = self.asked if number == len(messages) else self.answered
                text += self.before_user + content + after
            else:
                text += content + self.after_assistant
        return text

    def go(self) -> str:
        """The template in Go's language."""
        after = self.asked
        if self.answered != self.asked:
            after = f"{{{{ if {_LAST} }}}}{self.asked}{{{{ else }}}}{self.answered}{{{{ end }}}}"
        default = f"{{{{ if not .System }}}}{self.default}{{{{ end }}}}" if self.default else ""
        content = "{{ .Content }}"
        return (
            f"{default}{{{{ range $i, $_ := .Messages }}}}"
            f'{{{{ if eq .Role "system" }}}}{self.system[0]}{content}{self.system[1]}'
            f'{{{{ else if eq .Role "user" }}}}{self.before_user}{content}{after}'
            f'{{{{ else if eq .Role "assistant" }}}}{content}{self.after_assistant}'
            "{{ end }}{{ end }}"
        )


def _common_end(*texts: str) -> str:
    """The longest text that all of them end with."""
    end = min(texts, key=len)
    while not all(text.endswith(end) for text in texts):
        end = end[1:]
    return end


def _turns(roles: str) -> list[Message]:
    """A conversation whose turns are easily found in a text."""
    return [
        {"role": _ROLES[role], "content": f"Turn{number}."}
        for number, role in enumerate(roles, start=1)
    ]


def translated(source: str, tokens: Mapping[str, str | None]) -> str | None:
    """A chat template in Go's language; None where that would not give the same text."""
    template, bos = ChatTemplate(source, tokens), tokens.get("bos_token") or ""
    parts = Parts.of(template, bos)
    if parts is None:
        return None
    for roles in _TRIED:
        turns = _turns(roles)
        # llama.cpp puts the token of the beginning there itself.
        if parts.render(turns) != template.render(turns).removeprefix(bos):
            return None
    found = parts.go()
    texts = (parts.default, *parts.system, parts.before_user, parts.answered, parts.asked,
             parts.after_assistant)  # fmt: skip
    return None if any("{{" in text or '"""' in text for text in texts) else found


def modelfile(checkpoint: Path, file: str) -> str:
    """The text of a Modelfile.

    Args:
        checkpoint: the student's folder, whose template its GGUF files have.
        file: the GGUF file, beside which the Modelfile will be.
    """
    config = read_json(checkpoint / "tokenizer_config.json")
    tokens = {name: _text(config.get(name)) for name in _TOKENS}
    path = checkpoint / "chat_template.jinja"
    source = path.read_text("utf-8") if path.is_file() else str(config.get("chat_template") or "")
    lines = [f"FROM ./{file}"]
    if template := translated(source, tokens):
        lines.append(f'TEMPLATE """{template}"""')
    else:
        lines.append(
            "# The chat template of this model has no simple form in Go's language. Ollama may"
        )
        lines.append("# know it: `ollama show --template` tells what it took.")
    end = tokens["eos_token"]
    if end and not re.search(r'["\\\r\n]', end):  # a base's word, which must not end the line
        lines.append(f'PARAMETER stop "{end}"')
    return "\n".join(lines) + "\n"


def _text(token: Any) -> str | None:
    """A special token's text, which a tokenizer's config writes in two forms."""
    found = token.get("content") if isinstance(token, dict) else token
    return str(found) if found else None
