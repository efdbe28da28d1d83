"""The config's section on students: base, mixture and training."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from limbeck.config.section import Count, Positive, Section, Share

TINY = "builtin:tiny"  # of random weights, made in the workflow

# Licences of the bases that the shipped configs name, as their own cards state them.
LICENCES = {
    TINY: "apache-2.0",
    "HuggingFaceTB/SmolLM2-135M-Instruct": "apache-2.0",
    "ibm-granite/granite-4.0-micro": "apache-2.0",
    "ibm-granite/granite-4.0-micro-base": "apache-2.0",
}


Strategy = Literal["topic", "scenario", "context", "translation"]


class Mixture(Section):
    """Which rows a student is trained on, and in which forms."""

    strategies: dict[Strategy, Share] | None = Field(
        None, description="Share of each strategy's rows; those that are not named have none"
    )
    thinking: bool = Field(True, description="Generated rows with the reasoning trace")
    direct: bool = Field(True, description="Generated rows without the reasoning trace")
    translations: Count = Field(1_000_000, description="Translated conversations, at most")
    pairs: Count = Field(0, description="Translation pairs made from the translations, at most")
    pairs_in_language: Share = Field(
        0.5, description="Share of the pairs whose request is in the language, not in English"
    )
    backtranslations: Count = Field(
        0, description="Sentences of the language, each asked for by its English, at most"
    )
    english: Count = Field(0, description="English originals of the translations, at most")
    texts: Count = Field(0, description="Texts of the language as they are, at most")
    validation: Share = Field(0.02, description="Share of the prompts that is held out")
    max_bytes: Positive | None = Field(
        None, description="UTF-8 bytes of all training rows together, at most"
    )

    @property
    def asks_in_language(self) -> bool:
        """Whether any pair's request is in the language."""
        return self.pairs + self.backtranslations > 0 and self.pairs_in_language > 0


class Architecture(Section):
    """The size of the built-in base."""

    vocabulary: Annotated[int, Field(ge=400)] = 1000
    width: Annotated[int, Field(ge=256, multiple_of=256)] = Field(
        256, description="A multiple of 256, the block of the K-quants"
    )
    layers: Positive = 4
    heads: Positive = 4


class Lora(Section):
    """Low-rank adaptation."""

    rank: Positive = 16
    alpha: Positive = 16
    dropout: Share = 0.0
    targets: list[str] | None = Field(
        None, min_length=1, description="Layers by the end of their names; null: all linear ones"
    )


# Adapters take ten times the rate of whole weights and more (arXiv 2405.09673).
LORA = "method: lora, learning_rate: 2.0e-4"
# Keys of a training that decide how it runs, and not what comes out.
SPEED = {"device_tokens", "devices", "shard"}


class Training(Section):
    """How a student is trained."""

    method: Literal["full", "lora"] = "full"
    lora: Lora = Lora()
    optimizer: Literal["adamw", "muon"] = Field(
        "adamw", description="muon: the layers' matrices by Muon, all else by AdamW"
    )
    learning_rate: float = Field(
        1e-5, gt=0, description="The default is for method: full; lora takes about 2.0e-4"
    )
    adamw_learning_rate: float | None = Field(
        None, gt=0, description="Of all that muon leaves to adamw; null: `learning_rate`"
    )
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: Share = Field(0.05, description="Share of the steps")
    weight_decay: float = Field(0.0, ge=0)
    beta2: float = Field(0.999, gt=0, lt=1, description="Adam's decay of squared gradients")
    epochs: float = Field(1.0, gt=0)
    max_steps: Positive | None = Field(
        None, description="So many steps, however many epochs they take, in place of `epochs`"
    )
    step_tokens: Positive = Field(
        32_768, description="Tokens of an optimizer step, as nearly as whole rows allow"
    )
    step_rows: Positive | None = Field(
        None, description="Rows of a step, nearly, in place of `step_tokens`"
    )
    max_length: Positive = Field(8192, description="Tokens; longer rows are dropped and counted")
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    memory: Literal["float32", "bfloat16", "adam8bit", "nf4"] = Field(
        "float32",
        description="Type of what is held: all float32, 16 bytes a weight; all bfloat16, 8; "
        "bfloat16 with Adam's moments in 8 bits, 6; of lora, the frozen weights in 4 bits (NF4), 1",
    )
    device_tokens: Positive = Field(
        8192, description="Tokens on the device at once; a longer row goes alone (speed only)"
    )
    devices: Positive = Field(1, description="GPUs that train together (speed only)")
    shard: bool = Field(
        False, description="Each device has a part of all weights and moments (FSDP; speed only)"
    )
    validations: Count = Field(
        4, description="An epoch; the best one's weights are the student's. 0: the last step's are"
    )
    patience: Positive | None = Field(
        None, description="Validations without a better loss, after which training ends"
    )

    @model_validator(mode="after")
    def _check_memory(self) -> Self:
        method = "lora" if self.memory == "nf4" else "full"
        if self.memory != "float32" and (self.method, self.precision) != (method, "bfloat16"):
            raise ValueError(
                f"memory: {self.memory} goes with method: {method} and precision: bfloat16"
            )
        if self.shard and (self.method == "lora" or self.devices == 1):
            raise ValueError("shard: true goes with method: full and devices: 2 or more")
        if self.optimizer == "muon" and (self.memory != "float32" or self.shard):
            raise ValueError("optimizer: muon goes with memory: float32 and shard: false")
        return self


class Merge(Section):
    """Weights of checkpoints added: origin + the sum of weight * (part - origin).

    A checkpoint is a folder, a model of the hub (`owner/model@commit` or its newest), `base` (the
    student's own) or `student:NAME`.
    """

    origin: str = Field(description="What the parts were trained from")
    parts: dict[str, float] = Field(min_length=1, description="Weights of the checkpoints")

    @property
    def sources(self) -> list[str]:
        """All checkpoints that take part."""
        return [self.origin, *self.parts]


class Student(Section):
    """A student: a base, what it is trained on, and how."""

    base: str = Field(
        description="'builtin:tiny', a folder, a GGUF file, a model of the hub, or 'student:NAME'"
    )
    revision: str | None = Field(None, description="The hub model's commit")
    trust_remote_code: bool = Field(False, description="Run the code that comes with the base")
    architecture: Architecture = Field(Architecture(), description="Of the built-in base alone")
    mixture: Mixture = Mixture()
    training: Training = Training()
    merge: Merge | None = Field(None, description="Not trained, but merged from checkpoints")

    @property
    def sources(self) -> list[str]:
        """All that its weights come from: its base and, where it is merged, the checkpoints."""
        merged = self.merge.sources if self.merge else []
        return list(dict.fromkeys(name for name in (self.base, *merged) if name != "base"))

    @property
    def starts_from(self) -> list[str]:
        """The students that this one is made of."""
        return [
            name.removeprefix("student:") for name in self.sources if name.startswith("student:")
        ]
