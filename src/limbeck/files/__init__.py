"""Files: the artefacts, JSON from outside; and their names in one place."""

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
