"""The API's door, with an administrator behind the SDKs, and a bucket."""

import pytest

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
