"""Questions whose answer is a number, in the form of MGSM (arXiv 2210.03057).

The last number of a reply is its answer, and the score is exact match of values: 18, 18.0 and the
Arabic ١٨ are one number. A reply without a number has no answer, is wrong, and is counted.

Many languages write 1.234,50 for the English 1,234.50. A reply is read so where it can be read no
other way, and where a whole number is wanted, of which 70.000 is no odd spelling of 70.
"""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from limbeck.config import Counting
from limbeck.evaluation.items import Item, value
from limbeck.files import Row

QUESTION = "number"  # the template that asks all of them

# Thousands in groups of three or as in India, or digits alone, and a decimal part. Between words
# or numbers a dash is no sign.
_NUMBER = re.compile(
    r"(?:(?<!\w)-)?"
    r"(?:\d{1,2}(?:,\d{2})+,\d{3}(?!\d)|\d{1,3}(?:[,\u066c '’]\d{3})+(?!\d)|\d+)(?:\.\d+)?"
)
# A comma before one or two digits, after a number that has none: 18,50 and 1.234,50.
_DECIMAL_COMMA = re.compile(
    r"(?<![\d.,])([1-9]\d{0,2}(?:[. '’]\d{3})+|\d+),(\d{1,2})(?![\d,]|\.\d)"
)
_POINTS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:\.\d{3})+(?![\d]|[.,]\d)")  # 70.000
_FRACTION = re.compile(r"(?:(\d) ?)?([¼-¾⅐-⅞])")
_MOST = 40  # digits; what is longer is no answer to a sum in words


def numbers(text: str) -> list[str]:
    """The numbers in a text as they are written in English, in ASCII."""
    found: list[str] = _NUMBER.findall(_ascii(text).replace("\N{ARABIC DECIMAL SEPARATOR}", "."))
    return found


def _ascii(text: str) -> str:
    # What is raised or lowered is a unit's or a note's, as in 50 m²; NFKC makes a number of it.
    level = "".join(
        sign
        for sign in _FRACTION.sub(_decimals, text)
        if not unicodedata.decomposition(sign).startswith(("<super>", "<sub>"))
    )
    plain = unicodedata.normalize("NFKC", level).replace("\N{MINUS SIGN}", "-")
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in plain)


def _decimals(match: re.Match[str]) -> str:
    """½ as 0.500000 and 2½ as 2.500000: six digits after a point are no thousands."""
    return (match[1] or "0") + f"{unicodedata.numeric(match[2]):f}".removeprefix("0")


def last(text: str, whole: bool = False) -> str | None:
    """The last number in a reply, written in one way; None where there is none.

    ``whole`` says that a whole number is wanted: a point before three digits is none of decimals.
    """
    found = numbers(_english(_ascii(text), whole))
    if not found or len(found[-1]) > _MOST:
        return None
    number = Decimal(re.sub(r"[^\d.-]", "", found[-1]))
    return f"{number.normalize():f}" if number else "0"


def _english(text: str, whole: bool) -> str:
    """A text's numbers with commas for points and points for commas, where they are not English."""

    def joined(match: re.Match[str]) -> str:
        thousands = whole or match[0].count(".") > 1
        return match[0].replace(".", "") if thousands else match[0]

    text = _DECIMAL_COMMA.sub(lambda match: re.sub(r"\D", "", match[1]) + "." + match[2], text)
    return _POINTS.sub(joined, text)


def load(rows: Sequence[Row], custom: Counting) -> list[Item]:
    """Items of which each wants a number.

    Raises:
        ValueError: an answer is no number, or could be read as several.
    """
    items = []
    for row in rows:
        given = value(row, custom.answer)
        number = given.rpartition("####")[2]  # what is before it is GSM8K's way to the answer
        gold = last(number)
        # Such as 3,5 or 1e-05, or 70.000, which is 70 to one reader and 70,000 to another.
        if gold is None or len(numbers(number)) > 1 or numbers(number)[0].endswith(".000"):
            raise ValueError(
                f"has {given!r:.60} as {custom.answer}, which is no number such as 1,234.5"
            )
        items.append(Item(str(row["number"]), {"question": value(row, custom.question)}, gold))
    return items
