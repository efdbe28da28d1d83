"""Empty files named as arXiv 2601.16278 released its data: enough to plan by."""

from pathlib import Path

LANGUAGES = ("az", "cy", "de", "en", "he", "id", "ro", "sl", "sw", "te", "th")
PLACE = "resources/kinit/data"  # where the presets want it


def write(folder: Path) -> None:
    """Sarcasm is in English alone, and Welsh has no test of sentiment."""
    for task in ("sentiment", "topic", "intent", "sarcasm"):
        for language in LANGUAGES if task != "sarcasm" else ("en",):
            for part in ("test", "train_human_parsed", "train_full"):
                if (task, language, part) != ("sentiment", "cy", "test"):
                    path = folder / f"{task}/{language}-{part}.csv"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch()
