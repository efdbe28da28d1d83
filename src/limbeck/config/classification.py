"""The config's section on classifiers: tasks, examples, and the classifiers by name."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from limbeck.config.section import Count, Positive, Section, Share, without_nulls
from limbeck.config.student import TINY, Training

# What a request shows; `+summaries`: with the teacher's summary in place of the description;
# `+check`: what the teacher finds to be of its label is kept, whatever `self_check` says.
Strategy = Literal[
    "descriptions", "english", "language", "summaries", "english+summaries", "language+summaries",
    "descriptions+check", "english+check", "language+check", "summaries+check",
    "english+summaries+check", "language+summaries+check",
]  # fmt: skip


class Examples(Section):
    """The labelled examples that the teacher writes."""

    per_label: Positive = Field(description="Examples of each label, before the filters")
    per_request: Positive = Field(description="Examples in a reply")
    rounds: Positive = Field(description="Times that the teacher is asked for what is missing")
    strategies: list[Strategy] = Field(
        min_length=1, description="What a request shows, dealt out in turn"
    )
    apart: bool = Field(
        False, description="Each strategy is a training set and a line of its own, beside all"
    )
    demonstrations: Positive = Field(description="Texts of a label that a request shows, at most")
    hints: bool = Field(description="Ask for a subject, a writer and a length, for variety")
    self_check: bool = Field(description="Keep what the teacher finds to be of its label")
    near_duplicate: Share = Field(description="Jaccard similarity from which a text is removed")


# JSON has no numbers for keys, and the sections take nothing for a number that is none.
BatchSize = Annotated[int, Field(ge=1, strict=False)]


class FineTuning(Section):
    """How an encoder is fine-tuned."""

    learning_rate: float = Field(1e-5, gt=0)
    epochs: Positive = Field(50, description="At most; see patience")
    patience: Positive | None = Field(
        5,
        description="Epochs without a better held-out loss, after which it ends; null: all epochs, "
        "on all examples",
    )
    held_out: Share = Field(0.1, description="Share of the training examples that stops it")
    batch: Positive | dict[BatchSize, Positive] = Field(
        16, description="Examples a step: a number, or by the number of training examples, at most"
    )
    schedule: Literal["linear", "constant"] = Field("linear", description="Of the learning rate")
    warmup: Share = Field(0.1, description="Share of the steps")
    dropout: Share | None = Field(None, description="Of the head; null: the base's own")
    max_length: Positive = Field(256, description="Tokens of a text; the rest is cut off")


class Classifier(Section):
    """A student of a classification task."""

    kind: Literal["linear", "encoder", "icl", "instruct"]
    base: str = Field("", description="Of all but linear: a folder, a GGUF, a model of the hub")
    revision: str | None = Field(None, description="The hub model's commit")
    trust_remote_code: bool = Field(False, description="Run the code that comes with the base")
    inverse_penalty: float = Field(30.0, gt=0, description="Of linear: scikit-learn's C")
    even_labels: bool | None = Field(
        None,
        description="Each label weighs the same, however many its texts; null: in linear alone",
    )
    fine_tuning: FineTuning = Field(FineTuning(), description="Of encoder")
    shots: Count = Field(2, description="Of icl: demonstrations of each label; 0: zero-shot")
    by: Literal["label", "channel"] = Field(
        "label",
        description="Of icl: the label's likelihood after the text, or the text's after the label",
    )
    prompt: str | None = Field(
        None,
        pattern=r"\{(label|name)\}",
        description="Of icl by channel: how a text of a {label} is asked for, in place of the "
        "instruction in config/prompts; {name} is the label in the language",
    )
    training: Training = Field(Training(), description="Of instruct")
    sizes: list[Positive] | None = Field(
        None,
        description="Instead of classification.sizes; of icl: texts that its demonstrations are of",
    )
    repeats: Positive | None = Field(None, description="Instead of classification.repeats")

    @property
    def evens(self) -> bool:
        """Whether each label weighs the same in training."""
        return self.kind == "linear" if self.even_labels is None else self.even_labels

    @model_validator(mode="after")
    def _base(self) -> Self:
        if (self.kind == "linear") != (self.base == ""):
            raise ValueError("'base' names what an encoder, icl or instruct starts from")
        if self.base.startswith("builtin:") and (self.kind, self.base) != ("encoder", TINY):
            raise ValueError(f"base: {self.base!r}: built in is {TINY!r} alone, of an encoder")
        return self


TaskName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]


def _classifier_name(value: str) -> str:
    if value == "teacher":
        raise ValueError("this name is taken, choose another for the classifier")
    return value


ClassifierName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_-]*$"), AfterValidator(_classifier_name)
]


class Classification(Section):
    """Classifiers that learn from examples which the teacher writes, or from people's alone."""

    tasks: list[TaskName] = Field(description="Files of config/tasks/, without .yaml")
    data: str = Field(description="Human texts: 'builtin', 'task', or a folder of CSV files")
    limit: Positive = Field(description="Texts of the built-in test set; half as many to train on")
    seeds: Positive = Field(description="Human texts of each label that the teacher may see")
    examples: Examples | Literal["given"] | None = Field(
        description="What the teacher writes; 'given': it is asked for nothing, and its examples "
        "come with the folder of data; null: none, and all learn from the human texts"
    )
    sizes: list[Positive] = Field(description="Training examples, all labels together")
    repeats: Positive = Field(description="Samples of each size")
    classifiers: dict[ClassifierName, Classifier] = Field(
        description="Named classifiers; null removes one of the default config"
    )

    @property
    def written(self) -> Examples | None:
        """What the teacher is asked to write, if anything."""
        return self.examples if isinstance(self.examples, Examples) else None

    @property
    def parts(self) -> list[str]:
        """The files of a folder of data without which a task cannot be built."""
        learned = "synthetic" if self.examples == "given" else "human"
        return ["test"] if self.written else ["test", learned]

    @property
    def shown(self) -> set[str]:
        """What requests for examples show of a label, beside its name: parts of the strategies."""
        strategies = self.written.strategies if self.written else []
        return {part for name in strategies for part in name.split("+")}

    def sizes_of(self, one: Classifier) -> list[int]:
        """The sizes that a classifier learns from, beside all examples.

        What does not learn has those that it is given: it reads all tests at each.
        """
        shared = [] if one.kind == "icl" else self.sizes
        return shared if one.sizes is None else one.sizes

    @model_validator(mode="after")
    def _given_in_a_folder(self) -> Self:
        if self.examples == "given" and self.data in ("builtin", "task"):
            raise ValueError("examples: 'given' ones come in a folder, which 'data' names")
        return self

    @model_validator(mode="before")
    @classmethod
    def _remove_null_classifiers(cls, data: Any) -> Any:
        return without_nulls(data, "classifiers")
