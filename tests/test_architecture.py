"""The house rules, read from the imports: who may know whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_LINES = 400
PACKAGES = ("pipeline", "schemas", "transforms")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
NOUN_FOLDERS = ("feeds", "formats", "http", "identity", "lake", "text", "topics")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_noun(path: Path) -> bool:
    return path.parent.name in NOUN_FOLDERS


VERBS = [
    path
    for path in FILES
    if path.parent.name == "transforms" and path.stem not in ("__init__", "outcome")
]
VERB_MODULES = {f"transforms.{path.stem}" for path in VERBS}


@pytest.mark.parametrize("path", FILES, ids=named)
def test_files_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", [p for p in FILES if p.parent.name == "schemas"], ids=named)
def test_schemas_know_nobody(path):
    allowed_here = {"pyarrow"} if path.name == "parquet.py" else set()
    for module in imports_of(path):
        top = module.split(".")[0]
        assert top not in {"apache_beam", "pipeline", "transforms", "pyarrow"} - allowed_here


@pytest.mark.parametrize("path", [p for p in FILES if is_noun(p)], ids=named)
def test_nouns_know_neither_beam_nor_verbs_nor_pipeline(path):
    for module in imports_of(path):
        assert module.split(".")[0] not in {"apache_beam", "pipeline"}
        assert module not in VERB_MODULES


@pytest.mark.parametrize("path", VERBS, ids=named)
def test_verbs_know_no_other_verb_and_not_the_pipeline(path):
    for module in imports_of(path):
        assert module not in VERB_MODULES
        assert module.split(".")[0] != "pipeline"


@pytest.mark.parametrize("path", VERBS, ids=named)
def test_a_verb_is_a_documented_composite_and_its_dofns_are_private(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            bases = {ast.unparse(base) for base in node.bases}
            if bases & {"beam.DoFn", "beam.CombineFn"}:
                assert node.name.startswith("_")


def test_the_graph_fits_on_one_screen():
    tree = ast.parse((ROOT / "pipeline" / "graph.py").read_text(encoding="utf-8"))
    build = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "build")
    assert build.end_lineno is not None
    assert build.end_lineno - build.lineno < 45


def test_all_packages_are_listed_and_no_test_is_among_them():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    there = {
        str(path.parent.relative_to(ROOT)).replace("/", ".")
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert listed == there
