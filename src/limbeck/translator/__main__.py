"""Serve a translator that is no chat model, over the OpenAI chat protocol.

    python -m limbeck.translator --engine apertium --model en-eo --port 0

Prints "listening on http://HOST:PORT/v1" when it is ready.
"""

import asyncio
from collections.abc import Callable

from limbeck import stage
from limbeck.serving import application
from limbeck.translator.apertium import Apertium
from limbeck.translator.ctranslate2 import CTranslate2
from limbeck.translator.pool import Pool, Translator
from limbeck.translator.responder import reply

ENGINES: dict[str, Callable[[str], Translator]] = {
    "apertium": Apertium,
    "ctranslate2": lambda model: Pool(CTranslate2(model)),
}


def main() -> None:
    """Read the options and serve until idle or interrupted."""
    parser = application.parser(__doc__)
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--model", required=True, help="a pair, or a folder and a language's label")
    options = parser.parse_args()
    translator = ENGINES[options.engine](options.model)
    asyncio.run(
        application.serve(
            options.model,
            lambda body: reply(body, translator),
            options.host,
            options.port,
            options.idle,
        )
    )


if __name__ == "__main__":
    stage.run(main)
