"""What learners meet: their Python does not check shapes, so our own sentences must."""

from collections.abc import Iterator

import pytest
from jaxtyping import config


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Without the tests' shape checking, which would speak before our errors do."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
