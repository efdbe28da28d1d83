"""The config's section of teachers, and the two parts of it that stages are given."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from limbeck.config.benchmarks import fill
from limbeck.config.section import Count, Positive, Section
from limbeck.config.sources import public

# The built-in teacher, a server of local weights, or a translator that is no chat model.
ServerName = Literal["phrasebook", "llama_cpp", "llama-server", "vllm", "apertium", "ctranslate2"]
TRANSLATORS: tuple[ServerName, ...] = ("apertium", "ctranslate2")
# How an endpoint is told the form of a reply; limbeck.teacher.replies.
Structured = Literal[
    "auto", "json_schema", "structured_outputs", "guided_json", "json_object", "none"
]


class Price(Section):
    """What a model costs, in dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0, description="Reasoning included")


class Batch(Section):
    """The endpoint's batch API: cheaper replies, within a day; few requests go without it."""

    api: Literal["openai", "together"] = Field("openai", description="Whose form of it")
    price: float = Field(0.5, ge=0, le=1, description="Cost of a batched reply over the usual one")
    requests: Positive = Field(50_000, description="Most requests of a batch")
    megabytes: Positive = Field(100, description="Largest file of requests")
    poll: float = Field(60.0, gt=0, description="Seconds between two looks at a batch")
    wait: float = Field(
        86_400.0, ge=0, description="Seconds until a stage leaves; the same command comes back"
    )


# How a reply is asked for, of a teacher's settings: neither makes a reply another's.
HOW_ASKED = ("structured", "max_tokens_ceiling")


class TeacherSettings(Section):
    """What decides a teacher's replies; limbeck.teacher.journal says what of it is in the keys."""

    model: str
    revision: str | None = None
    temperature: float
    top_p: float | None
    max_tokens: int
    max_tokens_ceiling: int | None = None
    structured: Structured = "auto"
    extra_body: dict[str, Any]
    questions: int | None = None  # that each step of a stage asks at most: of a rehearsal

    @property
    def name(self) -> str:
        """What results call the teacher, so that they are the same wherever a file of it lies."""
        return public(self.model)


class Connection(Section):
    """How a teacher is reached: address and speed, nothing that decides a reply."""

    server: ServerName | None
    server_args: list[str] = Field(default_factory=list)
    url: str | None
    api_key_env: str | None
    concurrency: int
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout: float
    retries: int
    start_timeout: float = 1800.0
    idle: float
    batch: Batch | None = None
    price: Price | None = None  # of the model; None: nobody pays
    budget: float | None = None  # dollars, of all stages of the work folder together
    structured: Structured | None = None  # this and the next: instead of the settings' own
    max_tokens_ceiling: int | None = None

    def over(self, settings: TeacherSettings) -> TeacherSettings:
        """A teacher's settings, asked for its replies in this connection's way."""
        ways = {name: getattr(self, name) for name in HOW_ASKED}
        given = {name: way for name, way in ways.items() if way is not None}
        return settings.model_copy(update=given)


def _environment_variable(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
        # The value itself is not shown: it may be the key.
        raise ValueError("the name of an environment variable (A-Z, 0-9, _), never the key itself")
    return value


KeyVariable = Annotated[str | None, BeforeValidator(_environment_variable)]


def _url(value: str) -> str:
    # The value itself is not shown: it may hold a password.
    if not re.fullmatch(r"https?://[^\s\\]+", value):
        raise ValueError("http://HOST/v1 or https://HOST/v1 is wanted")
    try:
        parts = urlsplit(value)
        known = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        raise ValueError("its host or its port is none")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "a login or a query in it would stand in arguments, logs and metadata: put the key in "
            "an environment variable and name that as api_key_env"
        )
    return value


Url = Annotated[str, AfterValidator(_url)]


def is_here(url: str) -> bool:
    """Whether a URL is one of this machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_read(url: str) -> bool:
    """Whether others can read what is sent to a URL."""
    return url.lower().startswith("http:") and not is_here(url)


def _server_argument(value: str) -> str:
    if re.match(r"--?(api|hf|hugging)\w*[-_](key|token)", value, re.I):
        raise ValueError(
            "a key among the arguments can be seen by all users of the machine; a server that is "
            "started here has one of its own, and HF_TOKEN of the environment is the hub's"
        )
    return value


ServerArgument = Annotated[str, AfterValidator(_server_argument)]


class Teacher(Section):
    """A teacher: a model behind an OpenAI-compatible endpoint."""

    model: str = Field(
        min_length=1, description="The model's name at the endpoint; for a server, its weights"
    )
    revision: str | None = Field(
        None, description="The weights' commit or another mark; another one is another teacher"
    )
    server: ServerName | None = Field(
        None, description="Start this server here when a stage needs it, instead of a url"
    )
    server_args: list[ServerArgument] = Field(
        default_factory=list, description="Further arguments of the server's command (speed only)"
    )
    url: Url | None = Field(None, description="Base URL of the endpoint, up to /v1")
    api_key_env: KeyVariable = Field(
        None, description="Name of the environment variable that holds the key"
    )
    key_over_http: bool = Field(
        False, description="Send the key to an http:// url, where others can read it on its way"
    )
    temperature: float = Field(1.0, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: Positive = Field(2048, description="Output tokens of a reply, reasoning included")
    max_tokens_ceiling: Positive | None = Field(
        None, description="Output tokens of the second try after a reply that was cut off"
    )
    structured: Structured = Field(
        "auto", description="How the endpoint is told the form of a reply; auto tries what works"
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict, description="Further fields of the request, such as reasoning_effort"
    )
    concurrency: Positive = Field(64, description="Requests in flight (speed only)")
    requests_per_minute: Positive | None = Field(
        None, description="Of all stages of a machine together (speed only)"
    )
    tokens_per_minute: Positive | None = Field(
        None, description="In and out, of all stages of a machine together (speed only)"
    )
    timeout: float = Field(600.0, gt=0, description="Seconds a reply may take (speed only)")
    retries: Count = Field(8, description="Tries after a passing failure (speed only)")
    start_timeout: float = Field(1800.0, gt=0, description="Seconds a server may take to start")
    idle: float = Field(60.0, gt=0, description="Seconds until a server that nobody uses is ended")
    batch: Batch | None = Field(
        None, description="Ask in batches, where the endpoint has an API for them (speed only)"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.server is None) == (self.url is None):
            raise ValueError(
                "exactly one of 'server' and 'url' says where the teacher is; beside a url write "
                "`server: null`"
            )
        if self.api_key_env and not self.key_over_http and self.url and _is_read(self.url):
            raise ValueError(
                "the key would go over plain http to another machine: give an https:// url, or "
                "set key_over_http: true where you trust the network between"
            )
        if self.server is not None and self.batch is not None:
            raise ValueError("'batch' is for a 'url': a server that is started here has no batches")
        return self

    @property
    def only_translates(self) -> bool:
        """Whether it is no chat model, but a translator."""
        return self.server in TRANSLATORS

    def model_in(self, card: Mapping[str, Any]) -> str:
        """The model for a language, whose codes a translator's name may hold in braces."""
        return fill(self.model, card) if self.only_translates else self.model

    def settings(self, builtin: str | None) -> TeacherSettings:
        """The part that decides replies; ``builtin`` is the revision of a teacher of our own."""
        elsewhere = {"revision", "questions"}
        chosen = self.model_dump(include=set(TeacherSettings.model_fields) - elsewhere)
        revision = builtin if self.server == "phrasebook" else self.revision
        if self.only_translates:  # of ours is what goes around the engine
            revision = f"{builtin} {revision}" if revision else builtin
        return TeacherSettings(revision=revision, **chosen)

    def connection(self, price: Price | None = None, budget: float | None = None) -> Connection:
        """The part that does not decide replies."""
        chosen = {name: getattr(self, name) for name in type(self).model_fields}
        chosen = {name: chosen[name] for name in Connection.model_fields if name in chosen}
        return Connection(**chosen, price=price, budget=budget)


class TeacherOverride(Section):
    """A role's differences from the generator; what is left out is the generator's."""

    model: str | None = None
    revision: str | None = None
    server: ServerName | None = None
    server_args: list[ServerArgument] | None = None
    url: Url | None = None
    api_key_env: KeyVariable = None
    key_over_http: bool | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: Positive | None = None
    max_tokens_ceiling: Positive | None = None
    structured: Structured | None = None
    extra_body: dict[str, Any] | None = None
    concurrency: Positive | None = None
    requests_per_minute: Positive | None = None
    tokens_per_minute: Positive | None = None
    timeout: float | None = Field(None, gt=0)
    retries: Count | None = None
    start_timeout: float | None = Field(None, gt=0)
    idle: float | None = Field(None, gt=0)
    batch: Batch | None = None


Role = Literal["generator", "translator", "reviser", "judge", "checker"]


class Teachers(Section):
    """The teacher in its roles."""

    generator: Teacher = Field(description="Writes prompts and responses")
    translator: TeacherOverride = Field(description="Translates conversations")
    reviser: TeacherOverride = Field(description="Rewrites prompts")
    judge: TeacherOverride = Field(description="Answers the benchmarks as 'teacher'")
    checker: TeacherOverride = Field(description="Judges the answers (generation.checks.judge)")

    @model_validator(mode="after")
    def _roles_fit(self) -> Self:
        for role in get_args(Role):
            try:
                teacher = self.role(role)
            except ValidationError as error:
                message = error.errors()[0]["msg"].removeprefix("Value error, ")
                raise ValueError(f"{role}: {message}") from None
            if teacher.only_translates and role != "translator":
                raise ValueError(f"{role}: the server {teacher.server} only translates")
        return self

    def variables(self) -> dict[str, Role]:
        """The environment variables that hold keys, each with the first role that needs it."""
        found: dict[str, Role] = {}
        for role in get_args(Role):
            if variable := self.role(role).api_key_env:
                found.setdefault(variable, role)
        return found

    def role(self, role: Role) -> Teacher:
        """The teacher in a role: the generator with the role's own keys put over it."""
        override: BaseModel = getattr(self, role)
        changes = override.model_dump(exclude_unset=True)
        if changes.keys() & {"server", "url"}:  # a role elsewhere leaves the generator's place
            place = ("server", "server_args", "url", "api_key_env", "key_over_http", "batch")
            fields = Teacher.model_fields
            left = {name: fields[name].get_default(call_default_factory=True) for name in place}
            changes = {**left, **changes}
        if "model" in changes:
            changes = {"revision": None, **changes}
        return Teacher(**{**self.generator.model_dump(), **changes})
