"""What several test files share."""

import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

# A test is not to fail because the machine is busy; speed is measured in benchmarks/.
hypothesis.settings.register_profile("newsbeam", deadline=None)
hypothesis.settings.load_profile("newsbeam")

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Returns a function that finds evaluation data, which is not part of the repository.

    The folder is NEWSBEAM_DATA, by default ``../shared/data`` beside the repository; a test whose
    data is absent is skipped and says so.
    """
    folder = Path(os.environ.get("NEWSBEAM_DATA", REPO.parent / "shared" / "data"))

    def find(name: str) -> Path:
        path = folder / name
        if not path.exists():
            pytest.skip(f"evaluation data is not here: {path}")
        return path

    return find
