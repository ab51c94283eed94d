"""The API's door, with an administrator behind the SDK."""

import pytest

from tests.console.api.sdk import SDK, sdk_of


@pytest.fixture
def sdk(project, principal) -> SDK:
    return sdk_of(principal)
