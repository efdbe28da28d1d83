"""Serve the built-in teacher, the phrasebook, over the OpenAI chat protocol.

    python -m limbeck.phrasebook --port 0 --idle 60

Prints "listening on http://HOST:PORT/v1" when it is ready. It is a rule-based demonstrator of the
workflow, not a language model, and writes Swahili only.
"""

import asyncio

from limbeck import stage
from limbeck.phrasebook import wording
from limbeck.phrasebook.responder import reply
from limbeck.serving.application import parser, serve
from limbeck.serving.request import Body

MODEL = "phrasebook"


async def answer(body: Body) -> tuple[str, str | None]:
    """The content and the reasoning of the phrasebook's reply."""
    return reply(body)


def main() -> None:
    """Read the options and serve until idle or interrupted."""
    options = parser(__doc__).parse_args()
    wording.prepare()
    asyncio.run(serve(MODEL, answer, options.host, options.port, options.idle))


if __name__ == "__main__":
    stage.run(main)
