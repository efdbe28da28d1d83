"""spBLEU: BLEU on the pieces of FLORES-200's SentencePiece model (NLLB Team 2022, 2207.04672).

sacrebleu fetches that model from the network when it is first asked for; nothing is fetched here.
"""

from collections.abc import Sequence
from pathlib import Path

TOKENIZER = "flores200"


def model() -> Path:
    """Where sacrebleu keeps the tokenizer's model (``SACREBLEU`` names another folder)."""
    from sacrebleu.tokenizers.tokenizer_spm import SPM_MODELS
    from sacrebleu.utils import SACREBLEU_DIR

    return Path(SACREBLEU_DIR) / "models" / Path(SPM_MODELS[TOKENIZER]["url"]).name


def score(hypotheses: Sequence[str], references: Sequence[str]) -> float | None:
    """spBLEU, 0 to 100; None, said aloud, where the tokenizer's model is not there."""
    if not model().is_file():
        print(f"spBLEU is left out: its tokenizer is not there ({model()})")
        return None
    from sacrebleu.metrics import BLEU

    found = BLEU(tokenize=TOKENIZER).corpus_score(list(hypotheses), [list(references)])
    return float(found.score)
