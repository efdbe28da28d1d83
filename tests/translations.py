"""Real sentence pairs, and the scores of sacrebleu's command line."""

import json
import subprocess
import sys
from pathlib import Path

import real_texts

# One variety as a bad translation into its neighbour, in six scripts: (hypothesis, reference).
PAIRS = [
    ("kin_Latn", "run_Latn"),
    ("ary_Arab", "arb_Arab"),
    ("tat_Cyrl", "bak_Cyrl"),
    ("mag_Deva", "hin_Deva"),
    ("tir_Ethi", "amh_Ethi"),
    ("dzo_Tibt", "bod_Tibt"),
]
SEGMENTS = 335  # of each pair: 2,010 in all


def sentences(code: str) -> list[str]:
    """The first sentences of FLORES-200 in a variety."""
    return [line.strip() for line in real_texts.flores(code)[:SEGMENTS]]


def command_line(folder: Path, hypotheses: list[str], references: list[str], words: int) -> float:
    """The printed score of ``sacrebleu``."""
    for name, lines in (("hyp", hypotheses), ("ref", references)):
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    command = [
        sys.executable, "-m", "sacrebleu", str(folder / "ref"), "-i", str(folder / "hyp"),
        "-m", "chrf", "--chrf-word-order", str(words), "--width", "10",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["score"])
