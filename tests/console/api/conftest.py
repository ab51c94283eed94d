"""The API's door, with an administrator behind the SDKs, a bucket and a log group."""

import pytest

from tests.console.api.logs import OWN
from tests.console.api.neighbours import neighbour_of
from tests.console.api.sdk import SDK, sdk_of
from tests.console.api.storage import s3_of


@pytest.fixture
def sdk(project, principal) -> SDK:
    return sdk_of(principal)


@pytest.fixture
def s3(project, principal):
    return s3_of(principal)


@pytest.fixture
def bucket(s3):
    s3("CreateBucket", Bucket="photos")
    return "photos"


@pytest.fixture
def logs(principal):
    return neighbour_of(principal, "logs")


@pytest.fixture
def own(logs):
    """A program's own stream."""
    logs("CreateLogGroup", **OWN)
    logs("CreateLogStream", **OWN, logStreamName="s")
    return {**OWN, "logStreamName": "s"}
