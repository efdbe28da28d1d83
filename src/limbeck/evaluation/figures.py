"""The figures of a score: metrics with intervals, and what is seen from the replies."""

from collections import defaultdict
from collections.abc import Sequence

from limbeck import chrf
from limbeck.config import LanguageFilter
from limbeck.dataset.filters import language_id
from limbeck.evaluation import multiple_choice, replies, spbleu, statistics
from limbeck.evaluation.answers import Answers
from limbeck.evaluation.macro_f1 import confusion, encode, macro_f1
from limbeck.evaluation.questions import ENGLISH, Questions, Settings
from limbeck.files import Row
from limbeck.languages import resolve


def of_translations(
    hypotheses: Sequence[str], references: Sequence[str], seed: int
) -> tuple[Row, list[float]]:
    """Metrics of translations, and the segments' own chrF++.

    spBLEU is None without its tokenizer.
    """
    counts, signature = chrf.statistics(hypotheses, references)
    total = counts.sum(0)
    figures = {
        "metric": "chrF++",
        "value": float(chrf.score(total)),
        "interval": list(statistics.bootstrap(counts, chrf.score, seed)),
        "metrics": {
            "chrF": float(chrf.score(total, words=0)),
            "spBLEU": spbleu.score(hypotheses, references),
        },
        "signature": signature,
    }
    return figures, chrf.score(counts).tolist()


def of_translation(
    asked: Questions, answers: Answers, card: Row, settings: Settings
) -> tuple[Row, list[float]]:
    """The figures of a translation benchmark, and its items' own scores."""
    hypotheses = [text or "" for text in answers.predicted]
    references = [item.gold for item in asked.items]
    figures, segments = of_translations(hypotheses, references, settings.seed)
    target = resolve(ENGLISH).card() if asked.benchmark.into_english else card
    figures |= {
        "unparsed": 0,
        "repetition_rate": mean([replies.repeats(text) for text in answers.replies]),
        "right_script_rate": replies.right_script_rate(hypotheses, str(target["script"])),
        "right_language_rate": right_language_rate(hypotheses, target, settings.language),
    }
    return figures, segments


def right_language_rate(
    texts: Sequence[str], card: Row, settings: LanguageFilter | None
) -> float | None:
    """The share of the texts that are in the language, of those long enough to be judged.

    None without an identifier (``filters.language.model``), or where it does not know the language.
    """
    identifier = language_id.load(settings) if settings else None
    if settings is None or identifier is None:
        return None
    own = language_id.own_labels(identifier, card)
    if not own:
        print(f"{settings.model} does not know {card['name']}: no right-language rate")
        return None
    verdicts = (language_id.judged(text, identifier, own, settings) for text in texts)
    right = [verdict[0] >= settings.share for verdict in verdicts if verdict]
    return mean(right) if right else None


def of_choice(asked: Questions, answers: Answers) -> tuple[Row, list[float]]:
    """The figures of a multiple-choice benchmark, and 1 or 0 for each item."""
    gold = [item.gold for item in asked.items]
    right = [float(g == p) for g, p in zip(gold, answers.predicted, strict=True)]
    generated = answers.ask == "generation"
    loops = mean([replies.repeats(reply) for reply in answers.replies]) if generated else None
    labels = sorted({name for item in asked.items for name in item.options})
    matrix = confusion(encode(gold, answers.predicted, labels), len(labels))
    metrics = {"macro_f1": 100 * float(macro_f1(matrix))}
    return {
        "metric": "accuracy",
        **share(right),
        "unparsed": sum(name is None for name in answers.predicted),
        "repetition_rate": loops,
        # Letters and English labels have no language.
        "right_script_rate": None,
        "right_language_rate": None,
        "metrics": metrics | _by_length(asked, answers),
        **_groups(asked, right),
        "signature": "accuracy",
    }, right


def of_number(asked: Questions, answers: Answers) -> tuple[Row, list[float]]:
    """The figures of a benchmark whose answers are numbers, and 1 or 0 for each item."""
    pairs = zip(asked.items, answers.predicted, strict=True)
    right = [float(item.gold == predicted) for item, predicted in pairs]
    return {
        "metric": "exact match",
        **share(right),
        "unparsed": answers.predicted.count(None),
        "repetition_rate": mean([replies.repeats(reply) for reply in answers.replies]),
        "right_script_rate": None,
        "right_language_rate": None,
        "metrics": {},
        "signature": "exact match",
    }, right


def share(right: Sequence[float]) -> Row:
    """The percentage of right answers, with its interval."""
    low, high = statistics.wilson(int(sum(right)), len(right))
    return {"value": 100 * mean(right), "interval": [100 * low, 100 * high]}


def _by_length(asked: Questions, answers: Answers) -> Row:
    """The accuracy by raw log-likelihoods, and by those over the options' lengths."""
    if answers.scores is None or not asked.whole:
        return {}
    pairs = list(zip(asked.items, answers.scores, strict=True))
    raw = [multiple_choice.best(own) == item.gold for item, own in pairs]
    normal = [multiple_choice.best(asked.compared(item, own)) == item.gold for item, own in pairs]
    return {"accuracy_raw": 100 * mean(raw), "accuracy_by_length": 100 * mean(normal)}


def _groups(asked: Questions, right: Sequence[float]) -> Row:
    """The score of each group of items, where there are groups."""
    grouped: defaultdict[str, list[float]] = defaultdict(list)
    for item, one in zip(asked.items, right, strict=True):
        if item.group is not None:
            grouped[item.group].append(one)
    found = {name: {**share(ones), "n": len(ones)} for name, ones in sorted(grouped.items())}
    return {"groups": found} if found else {}


def mean(values: Sequence[float]) -> float:
    """The mean of at least one value."""
    return sum(values) / len(values)
