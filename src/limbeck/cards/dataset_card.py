"""Write the card of a language's data set, in the Hub's format.

    python -m limbeck.cards.dataset_card --folder results/swh_Latn --settings JSON \\
        --output results/swh_Latn/dataset_card.md
"""

from pathlib import Path
from typing import Any

from limbeck import stage
from limbeck.cards import common
from limbeck.config import Section, public
from limbeck.files import read_json
from limbeck.report.collect import demonstrates, optional

SIZES = {
    1_000: "n<1K",
    10_000: "1K<n<10K",
    100_000: "10K<n<100K",
    1_000_000: "100K<n<1M",
    10_000_000: "1M<n<10M",
}


class Settings(Section):
    """What the card needs to know beside the artefacts."""

    students: list[str]
    teacher: dict[str, Any]
    sources: dict[str, str]


def card(folder: Path, settings: Settings) -> str:
    """The card's text."""
    language = read_json(folder / "language.json")
    funnel = optional(folder / "funnel.json")
    mixtures = {name: optional(folder / name / "mixture.json") for name in settings.students}
    counted = [mixture.get("train", {}).get("by_strategy", {}) for mixture in mixtures.values()]
    targets = any("backtranslation" in strategies for strategies in counted)
    sources = [
        {"use": use, "name": public(name), "licence": common.licence(name)}
        for use, key in (
            ("English conversations that were translated", "conversations"),
            (
                "Texts that prompts are about"
                + (", sentences that translations lead to" if targets else ""),
                "texts",
            ),
        )
        if (name := settings.sources.get(key))  # of one that was used
    ]
    return common.render(
        "dataset.md",
        metadata(folder.name, language, funnel, mixtures, sources),
        code=folder.name,
        language=language,
        repository=common.dataset_repository(folder.name),
        teacher=public(settings.teacher.get("model", "?")),
        demonstrator=demonstrates(settings.teacher),
        funnel=funnel,
        mixtures=mixtures,
        sources=sources,
    )


def metadata(
    code: str,
    language: dict[str, Any],
    funnel: dict[str, Any],
    mixtures: dict[str, Any],
    sources: list[dict[str, str]],
) -> str:
    """The card's metadata as YAML."""
    from huggingface_hub import DatasetCardData

    rows = int(funnel.get("rows", 0))
    licences = {source["licence"] for source in sources}
    one = licences.pop() if len(licences) == 1 else common.UNKNOWN
    known = one != common.UNKNOWN
    hub = [name for source in sources if (name := common.hub_name(source["name"]))]
    splits = [
        {
            "config_name": name,
            "data_files": [
                {"split": split, "path": f"{name}/{split}.parquet"}
                for split in ("train", "validation")
            ],
        }
        for name in mixtures
    ]
    data = DatasetCardData(
        pretty_name=f"Limbeck {language['name']}",
        language=common.languages(language),
        # Sources of different licences: the card's text says which is whose.
        license=one if known else "other",
        license_name=None if known else "licences-of-the-sources",
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        multilinguality=["translation"],
        source_datasets=[f"extended|{name}" for name in hub] or ["original"],
        size_categories=[next((name for size, name in SIZES.items() if rows < size), "10M<n<100M")],
        task_categories=["text-generation", "translation"],
        tags=["limbeck", "synthetic", "distillation", "conversational", code],
        configs=[
            {"config_name": common.ROWS, "data_files": "rows.parquet", "default": True},
            *splits,
        ],
    )
    return str(data.to_yaml())


def main() -> None:
    """Write the card."""
    parser = stage.parser(__doc__)
    parser.add_argument("--folder", required=True, type=Path, help="of the language's results")
    parser.add_argument("--settings", required=True, type=stage.json_option(Settings))
    parser.add_argument("--output", required=True, type=Path, help="the card (Markdown)")
    options = parser.parse_args()
    common.write(options.output, card(options.folder, options.settings), "dataset")


if __name__ == "__main__":
    stage.run(main)
