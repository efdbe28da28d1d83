"""Other clients that ask a teacher many things at once, each used as its documentation says.

Each is installed in an environment of its own, since no two of them agree on versions.
"""

import asyncio
import os
import tempfile
from typing import Any

RETRIES = 8


def openai(url: str, prompts: list[str], in_flight: int) -> int:
    """The rows that came through the openai SDK: AsyncOpenAI behind a semaphore."""
    from openai import AsyncOpenAI, OpenAIError

    async def run() -> int:
        client = AsyncOpenAI(base_url=url, api_key="none", max_retries=RETRIES, timeout=60.0)
        places = asyncio.Semaphore(in_flight)

        async def one(prompt: str) -> bool:
            async with places:
                try:
                    reply = await client.chat.completions.create(
                        model="teacher",
                        messages=[{"role": "user", "content": prompt}],
                        temperature=1.0,
                        max_tokens=100,
                    )
                except (OpenAIError, ValueError):
                    return False
                return not isinstance(reply, str) and bool(reply.choices[0].message.content)

        return sum(await asyncio.gather(*map(one, prompts)))

    return asyncio.run(run())


class Bytes:
    """A tokenizer of four bytes a token."""

    def encode(self, text: str, **options: Any) -> list[int]:
        return list(text.encode()[::4])


def curator(url: str, prompts: list[str], in_flight: int) -> int:
    """The rows that came through curator, its cache in a fresh folder."""
    os.environ |= {"TELEMETRY_ENABLED": "false", "CURATOR_VIEWER": "0", "OPENAI_API_KEY": "none"}
    import tiktoken
    from bespokelabs.curator import LLM

    # It counts tokens for its rate limits with a table that it fetches at run time. Four bytes a
    # token is what it gets where there is no network.
    tiktoken.get_encoding = lambda name: Bytes()

    class Ask(LLM):
        def prompt(self, row: dict[str, Any]) -> str:
            return str(row["prompt"])

        def parse(self, row: dict[str, Any], reply: str) -> dict[str, Any]:
            return {"reply": reply}

    with tempfile.TemporaryDirectory() as folder:
        ask = Ask(
            model_name="teacher",
            backend="openai",
            generation_params={"temperature": 1.0, "max_tokens": 100},
            backend_params={
                "base_url": url,
                "max_concurrent_requests": in_flight,
                "max_requests_per_minute": 10_000_000,
                "max_tokens_per_minute": 10_000_000_000,
                "max_retries": RETRIES,
                "request_timeout": 60,
                "require_all_responses": False,
            },
        )
        found = ask([{"prompt": prompt} for prompt in prompts], working_dir=folder)
        return sum(bool(row["reply"]) for row in found.dataset)


def distilabel(url: str, prompts: list[str], in_flight: int) -> int:
    """The rows that came through distilabel, its cache off."""
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    with Pipeline() as pipeline:
        load = LoadDataFromDicts(
            data=[{"instruction": prompt} for prompt in prompts], batch_size=in_flight
        )
        llm = OpenAILLM(
            model="teacher",
            base_url=url,
            api_key="none",
            max_retries=RETRIES,
            timeout=60,
            generation_kwargs={"temperature": 1.0, "max_new_tokens": 100},
        )
        load >> TextGeneration(llm=llm, input_batch_size=in_flight)
    rows = pipeline.run(use_cache=False)["default"]["train"]
    return sum(bool(row["generation"]) for row in rows)
