"""The trainings of a classifier, each of which is kept in a folder once it is made.

What a training says of the texts is a JSON file, named by a digest of all that decides it. Of one
the model is wanted, too: it lies in a folder of the same name until it is given away.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from limbeck import files
from limbeck.classification import kinds
from limbeck.config import SPEED, Classifier
from limbeck.files import Row

# Which trainings there are, and how fast they are, changes none of them.
_ASIDE: dict[str, Any] = {"sizes": True, "repeats": True, "training": SPEED}


class Trainings(NamedTuple):
    """What all of them have in common.

    Attributes:
        folder: where they are kept.
        settings: of the classifier.
        context: what it is told.
        texts: to say the labels of.
        made_of: digests of the code and of the base's files.
    """

    folder: Path
    settings: Classifier
    context: kinds.Context
    texts: list[str]
    made_of: list[str]

    def key(self, rows: Sequence[Row], seed: int) -> str:
        """The name of a training on rows."""
        return files.digest(
            self.settings.model_dump(mode="json", exclude=_ASIDE),
            seed,
            kinds.told(rows, self.settings, self.context),
            [(row["id"], row["text"], row["label"]) for row in rows],  # by the id one is held out
            self.texts,
            self.made_of,
        )

    def has(self, key: str, model: bool) -> bool:
        """Whether a training was made before, and its model is there where it is wanted."""
        return self._said(key).is_file() and (not model or (self.folder / key).is_dir())

    def make(self, key: str, rows: Sequence[Row], seed: int, model: bool) -> None:
        """Train, and keep what that says of the texts, and the model where it is wanted."""
        trained = kinds.train(rows, self.settings, seed, self.context)
        if model:
            self._said(key).unlink(missing_ok=True)  # it tells that the model is whole
            for left in self.folder.iterdir():  # half of one, or that of other settings
                if left.is_dir():
                    shutil.rmtree(left)
            told = (self.settings, self.context.task.name, self.context.card["code"])
            kinds.save(trained, *told, self.folder / key)
        files.write_json(self._said(key), list(trained.predict(self.texts)))

    def said(self, key: str) -> list[str | None]:
        """The label of each text."""
        found: list[str | None] = files.read_json(self._said(key))
        return found

    def give(self, key: str, target: Path) -> None:
        """Move the model of a training out of the folder."""
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(self.folder / key, target)

    def _said(self, key: str) -> Path:
        return self.folder / f"{key}.json"
