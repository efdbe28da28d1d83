"""What is said of a bucket that cannot be used, before anything is run."""

import sys

import pytest

from configs import config as values
from limbeck import config
from limbeck.errors import UserError
from limbeck.workflow.bucket import Bucket


class Workflow:
    storage_registry = None


def test_a_missing_plugin_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "snakemake_storage_plugin_s3", None)
    with pytest.raises(SystemExit, match="error: config: bucket: it needs pip install"):
        Bucket("s3://my-bucket/limbeck", Workflow()).check()


@pytest.mark.parametrize("place", ["my-bucket", "s3://", "s3:///limbeck", "https://x/y", ""])
def test_what_is_no_place_in_a_bucket_is_refused(place: str) -> None:
    with pytest.raises(UserError, match="config: bucket: "):
        config.load(values(bucket=place))
