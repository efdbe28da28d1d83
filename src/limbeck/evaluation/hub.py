"""Benchmarks of the Hugging Face hub, at the commits that ``config/benchmarks.yaml`` names."""

import difflib
import re
from dataclasses import dataclass
from typing import Any

from limbeck.config import DataSet, DataSetName
from limbeck.errors import UserError
from limbeck.evaluation import reading
from limbeck.evaluation.items import Part
from limbeck.files import Row
from limbeck.languages import covered
from limbeck.sources.reading import present_commit, rows_of


@dataclass(frozen=True, slots=True)
class Hub:
    """A data set of the hub."""

    name: DataSetName
    entry: DataSet
    fits: reading.Fits

    def split(self, part: Part) -> str | None:
        """See `limbeck.evaluation.items.Source`."""
        return self.entry.test if part == "test" else self.entry.shots

    def rows(self, card: Row, part: Part) -> list[Row]:
        """See `limbeck.evaluation.items.Source`.

        Raises:
            UserError: the hub cannot be reached, wants a login, or does not have the language.
        """
        label, split = covered(card, self.name), str(self.split(part))
        if label is None:
            raise UserError(f"{self.entry.hub}: it has no {card['name']}")
        rows = list(rows_of(self._load(label, split)))
        reading.check(rows, self.fits, f"{self.entry.hub} {label} {split}")
        return rows

    def _load(self, label: str, split: str) -> Any:
        import datasets

        hub = self.entry.hub
        commit = self.entry.revision or present_commit(hub)
        try:
            return datasets.load_dataset(hub, label, split=split, revision=commit)
        except Exception as error:  # the hub's clients raise many kinds, none of them ours
            reason = " ".join(str(error).split())
            if f"'{label}' not found" in reason:  # FLORES+ renamed some of FLORES-200's codes
                near = difflib.get_close_matches(label, re.findall(r"'(\w+)'", reason)[1:], n=3)
                raise UserError(
                    f"{hub}: it has no {label!r} (near: {', '.join(near) or 'none'}); "
                    "name a folder in the published format"
                ) from None
            if self.entry.gated:
                reason = (
                    f"it is gated: agree to its terms on https://huggingface.co/datasets/{hub}, "
                    f"log in with `hf auth login`, or name a folder; {reason}"
                )
            raise UserError(f"{hub}: cannot be read; {reason[:400]}") from None
