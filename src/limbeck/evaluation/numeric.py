"""Questions whose answer is a number, in the form of MGSM (arXiv 2210.03057).

The last number of a reply is its answer, and the score is exact match of values: 18, 18.0 and the
Arabic ١٨ are one number. A reply without a number has no answer, is wrong, and is counted.
"""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from limbeck.config import Counting
from limbeck.evaluation.items import Item, value
from limbeck.files import Row

QUESTION = "number"  # the template that asks all of them

# Thousands in groups of three, or digits alone, and a decimal part.
_NUMBER = re.compile(r"-?(?:\d{1,3}(?:[,\u066c '’]\d{3})+(?!\d)|\d+)(?:\.\d+)?")
_MOST = 40  # digits; what is longer is no answer to a sum in words


def numbers(text: str) -> list[str]:
    """The numbers in a text as they are written, in ASCII."""
    plain = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
    digits = "".join(str(unicodedata.decimal(sign, sign)) for sign in plain)
    found: list[str] = _NUMBER.findall(digits.replace("\N{ARABIC DECIMAL SEPARATOR}", "."))
    return found


def last(text: str) -> str | None:
    """The last number in a text, written in one way; None where there is none."""
    found = numbers(text)
    if not found or len(found[-1]) > _MOST:
        return None
    number = Decimal(re.sub(r"[^\d.-]", "", found[-1]))
    return f"{number.normalize():f}" if number else "0"


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
        if gold is None or len(numbers(number)) > 1:  # such as 3,5 or 1e-05
            raise ValueError(
                f"has {given!r:.60} as {custom.answer}, which is no number such as 1,234.5"
            )
        items.append(Item(str(row["number"]), {"question": value(row, custom.question)}, gold))
    return items
