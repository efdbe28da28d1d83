"""Lines of all requests under way, translated together: an engine's call costs as much as many."""

import asyncio
from collections.abc import Sequence
from typing import Protocol


class Translator(Protocol):
    """What translates."""

    async def translate(self, lines: Sequence[str], back: bool) -> Sequence[str | None]:
        """Each line from English, or ``back`` into English; None where one comes to no end."""


class Engine(Protocol):
    """What translates, one call after the other."""

    def translate(self, lines: Sequence[str], back: bool) -> Sequence[str | None]:
        """Each line from English, or ``back`` into English; None where one comes to no end."""


_Waiting = tuple[Sequence[str], asyncio.Future[list[str | None]]]


class Pool:
    """An engine that is called by one at a time, with all that waits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._calling = asyncio.Lock()
        self._waiting: dict[bool, list[_Waiting]] = {}

    async def translate(self, lines: Sequence[str], back: bool) -> Sequence[str | None]:
        """The lines' translations, once the call that they are part of is over."""
        if not lines:
            return []
        answer: asyncio.Future[list[str | None]] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(back, []).append((lines, answer))
        async with self._calling:
            if not answer.done():
                await self._call(self._waiting.pop(back), back)
        return await answer

    async def _call(self, waiting: list[_Waiting], back: bool) -> None:
        together = [line for lines, _ in waiting for line in lines]
        try:
            found = iter(await asyncio.to_thread(self._engine.translate, together, back))
        except Exception as error:  # whoever waits is told
            for _, answer in waiting:
                answer.set_exception(error)
            return
        for lines, answer in waiting:
            answer.set_result([next(found) for _ in lines])
