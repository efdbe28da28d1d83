"""Files: the artefacts, and their names in one place; JSON from outside; locks."""

from limbeck.files.artefacts import (
    Row,
    atomic,
    canonical,
    chance,
    digest,
    file_digest,
    jsonl_rows,
    parquet_rows,
    plain,
    read_json,
    read_jsonl,
    read_parquet,
    write_json,
    write_jsonl,
    write_parquet,
    write_text,
)

__all__ = [
    "Row",
    "atomic",
    "canonical",
    "chance",
    "digest",
    "file_digest",
    "jsonl_rows",
    "parquet_rows",
    "plain",
    "read_json",
    "read_jsonl",
    "read_parquet",
    "write_json",
    "write_jsonl",
    "write_parquet",
    "write_text",
]
