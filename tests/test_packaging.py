"""What is built is what is run: the wheel carries three packages and their data, nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from benchmarks.lakes import rows_of

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(target), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    (built,) = target.glob("*.whl")
    return built


def test_the_wheel_carries_exactly_the_three_packages(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name.split("/")[0]}
    assert tops == {"pipeline", "schemas", "transforms"}


def test_the_wheel_carries_the_data_of_its_packages(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    data = {
        str(path.relative_to(ROOT))
        for package in ("pipeline", "schemas", "transforms")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert data <= names


def test_the_installed_wheel_runs_the_main_job_far_from_the_repository(wheel, tmp_path):
    site = tmp_path / "site"
    install = ["pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, "-m", *install], check=True, timeout=120)
    where = "import pipeline; print(pipeline.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def python(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        ).stdout

    assert python("-c", where).startswith(str(site))
    news = str(ROOT / "examples" / "news")
    python("-m", "pipeline", "run", "--input", news, "--output", "lake")
    assert len(rows_of(tmp_path / "lake", "articles")) == 11
    assert "whole" in python("-m", "pipeline", "check", "lake")


def test_setup_py_is_only_a_shim():
    """Beam's --setup_file wants the file; all metadata is in pyproject.toml."""
    body = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert "setup()" in body
    assert len(body.splitlines()) < 8
