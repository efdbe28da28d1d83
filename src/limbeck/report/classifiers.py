"""Write a page of a language's classifiers alone, for a build that makes nothing else.

python -m limbeck.report.classifiers --folder results/cym_Latn --settings JSON
    --output results/cym_Latn/classifiers.html

It is the part of the whole report (`limbeck.report.write`) on them.
Settings: {"teacher", "classification"}.
"""

from pathlib import Path
from typing import Any

from limbeck import files, stage
from limbeck.config import Section
from limbeck.report import classification, page
from limbeck.report.collect import demonstrates


class Settings(Section):
    """What the page needs to know beside the scores."""

    teacher: dict[str, Any]
    classification: list[str]  # tasks


def render(folder: Path, settings: Settings) -> str:
    """The page of a language's folder."""
    tasks = classification.collect(folder / "classification", settings.classification)
    return page.render(
        "classifiers.html",
        settings=settings,
        demonstrator=demonstrates(settings.teacher),
        page={
            "code": folder.name,
            "card": files.read_json(folder / "language.json"),
            "tasks": [classification.view(task) for task in tasks],
        },
    )


def main() -> None:
    """Write the page."""
    parser = stage.parser(__doc__)
    parser.add_argument("--folder", required=True, type=Path, help="of the language's results")
    parser.add_argument("--settings", required=True, type=stage.json_option(Settings))
    parser.add_argument("--output", required=True, type=Path, help="the page")
    options = parser.parse_args()
    files.write_text(options.output, render(options.folder, options.settings))


if __name__ == "__main__":
    stage.run(main)
