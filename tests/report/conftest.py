"""What several tests of the report need."""

from __future__ import annotations

import pytest

from wardround.errors import UserError
from wardround.report import pdf


@pytest.fixture(scope="session")
def browser() -> str:
    """The program of a browser; who has none (it is optional) skips what needs one."""
    try:
        return pdf.browser()
    except UserError as error:
        pytest.skip(str(error))
