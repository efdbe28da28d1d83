"""Benchmarks of the Hugging Face hub, at the commits that ``config/benchmarks.yaml`` names."""

from dataclasses import dataclass
from typing import Any

from limbeck.benchmarking import DataSet
from limbeck.benchmarks import reading
from limbeck.benchmarks.items import Part
from limbeck.errors import UserError
from limbeck.files import Row


def fill(template: str, card: Row) -> str:
    """A name with a language's codes filled in; without an ``iso639_1`` the longer code."""
    codes = {key: card[key] for key in ("code", "iso639_1", "iso639_3")}
    for key, code in codes.items():
        template = template.replace(f"{{{key}}}", str(code or card["iso639_3"]))
    return template


@dataclass(frozen=True, slots=True)
class Hub:
    """A data set of the hub."""

    entry: DataSet
    columns: tuple[str, ...]

    def split(self, part: Part) -> str | None:
        """See `limbeck.benchmarks.items.Source`."""
        return self.entry.test if part == "test" else self.entry.shots

    def rows(self, card: Row, part: Part) -> list[Row]:
        """See `limbeck.benchmarks.items.Source`.

        Raises:
            UserError: the hub cannot be reached, wants a login, or does not have the language.
        """
        name, split = fill(self.entry.configuration, card), str(self.split(part))
        rows = _rows(self._load(name, split, card))
        reading.complete(rows, self.columns, f"{self.entry.hub} {name} {split}")
        return rows

    def _load(self, name: str, split: str, card: Row) -> Any:
        import datasets

        hub, revision = self.entry.hub, self.entry.revision
        try:
            return datasets.load_dataset(hub, name, split=split, revision=revision)
        except Exception as error:  # the hub's clients raise many kinds, none of them ours
            reason = " ".join(str(error).split())
            if "BuilderConfig" in reason:
                reason = f"it has no {card['name']} ({name})"
            elif self.entry.gated:
                reason = (
                    f"it is gated: agree to its terms on https://huggingface.co/datasets/{hub}, "
                    f"log in with `hf auth login`, or name a folder; {reason}"
                )
            raise UserError(f"{hub}: cannot be read; {reason[:400]}") from None


def _rows(data: Any) -> list[Row]:
    """Rows with class labels by name."""
    from datasets import ClassLabel

    names = {key: kind for key, kind in data.features.items() if isinstance(kind, ClassLabel)}
    return [
        {key: names[key].int2str(value) if key in names else value for key, value in row.items()}
        for row in data
    ]
