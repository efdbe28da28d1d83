"""Whatever an endpoint sends becomes replies, counted failures or one line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import endpoint
import hostile
from batches import BatchEndpoint, serving_batches
from limbeck import config
from limbeck.errors import UserError, shown
from limbeck.teacher import batch, budget, capacity, limits
from limbeck.teacher.client import Request, ask
from limbeck.teacher.journal import Journal
from limbeck.teacher.replies import Reply

REQUESTS = [Request([{"role": "user", "content": f"question {n}"}]) for n in range(2)]
PRICE = config.Price(input=1.0, output=1.0)
BATCH = config.Batch(poll=0.001, wait=0.05)


@pytest.fixture(scope="module")
def server() -> Iterator[endpoint.Endpoint]:
    with endpoint.serving() as server:
        yield server


@pytest.fixture(scope="module")
def batches() -> Iterator[BatchEndpoint]:
    with pytest.MonkeyPatch.context() as patch, serving_batches(looks=0) as batches:
        patch.setattr(batch, "FEW", 0)  # two requests go in a batch
        yield batches


def asked(url: str, folder: Path, **changes: Any) -> list[Reply] | str:
    """The replies, or the line that there is instead. The journal and the ledger stay sound."""
    reached = endpoint.connection(url, retries=0, price=PRICE, budget=1e6, **changes)
    journal = folder / "journal.jsonl"
    try:
        found: list[Reply] | str = ask(REQUESTS, endpoint.teacher(), reached, journal, folder)
    except UserError as error:
        found = str(error)
    with Journal(journal) as opened:
        assert all(opened.get(key) is not None for key, _ in opened.lines())
    for entry in budget.read(budget.path(folder)).values():
        assert 0 <= entry.committed < 1e6
    return found


@given(
    said=hostile.sent(endpoint.completion("fine")),
    status=st.sampled_from([200, 200, 200, 204, 302, 400, 401, 404, 422, 429, 500, 503]),
    wait=st.none() | st.sampled_from(["-1", "1e400", "nan", "Thu, 31 Dec 9999 23:59:59 GMT", "x"]),
)
def test_an_answer_becomes_a_reply_a_failure_or_a_line(
    server: endpoint.Endpoint,
    tmp_path_factory: pytest.TempPathFactory,
    said: bytes,
    status: int,
    wait: str | None,
) -> None:
    headers = {"Retry-After": wait} if wait else {}
    server.answer = lambda body, before: endpoint.raw(said, status, **headers)
    found = asked(server.url, tmp_path_factory.mktemp("asked"))
    if isinstance(found, str):
        one_line(found)
    else:
        assert len(found) == len(REQUESTS)


@given(data=st.data())
def test_a_batch_becomes_replies_failures_or_a_line(
    batches: BatchEndpoint, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    line = {"custom_id": "x", "response": {"status_code": 200, "body": endpoint.completion("a")}}
    handlers = {
        "_upload": {"id": "file-0"},
        "_create": {"id": "batch_0", "status": "completed"},
        "_list": {"data": [{"id": "batch_0", "input_file_id": "file-0"}]},
        "_look": {"id": "batch_0", "status": "completed", "output_file_id": "x"},
        "_content": line,
    }
    name = data.draw(st.sampled_from(sorted(handlers)))
    said = data.draw(hostile.sent(handlers[name]))
    batches.instead = {name: said}
    rest = data.draw(hostile.sent({"custom_id": "x", **line}))
    batches.spoilt = {"question 1": b", " + rest.lstrip(b"{").replace(b"\n", b" ")}
    found = asked(batches.url, tmp_path_factory.mktemp("asked"), batch=BATCH)
    if isinstance(found, str):
        one_line(found)
    else:
        assert len(found) == len(REQUESTS)


@given(hostile.whole_texts, st.sampled_from([400, 413, 422, 429, 500]))
def test_words_of_an_endpoint_are_read(words: str, status: int) -> None:
    wait = limits.retry_after(words)
    assert wait is None or 0 <= limits.pause(wait, 3) <= limits.LONGEST_ASKED
    found = capacity.refused(status, words + " maximum context length is 5")
    assert found is None or found.limit >= 0
    size = capacity.listed(words.encode(), "teacher")
    assert size is None or size > 0


@given(hostile.sent({"data": [{"id": "teacher", "max_model_len": 4096}]}))
def test_a_list_of_models_tells_a_context_or_none(said: bytes) -> None:
    size = capacity.listed(said, "teacher")
    assert size is None or size > 0


def one_line(told: str) -> None:
    """A person can be shown it."""
    assert shown(told) == told
    assert len(told) < 2000
