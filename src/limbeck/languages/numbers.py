"""Numbers in a text, however its language writes them."""

import re
import unicodedata

# Points, commas and spaces between groups of digits differ from language to language; a space is
# one of them before three digits alone, so that the day and the year of "May 5 2010" are two
# numbers.
_NUMBER = re.compile(
    r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:[.,\u066b]\d+)?|\d(?:[.,\u066b\u066c'’]?\d)*"
)


def numbers(text: str) -> list[str]:
    """The numbers of a text in their order, in ASCII digits and without separators.

    >>> numbers("1 000 or 1.000, ১৯৯০, 3,5 and 7")
    ['1000', '1000', '1990', '35', '7']
    """
    return [
        "".join(str(unicodedata.digit(char)) for char in found if char.isdigit())
        for found in _NUMBER.findall(text)
    ]
