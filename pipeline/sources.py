"""The plan's first half: which files a run is to read.

Paths are found before the run starts, so that a wrong one is wrong usage and not a failed run.
"""

import glob
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from pipeline.errors import UsageError
from schemas.records import InputFile, PathFacts
from transforms.formats.document import as_address

SIDECAR_SUFFIX = ".meta.json"
PUT_AWAY = frozenset(("_done", "_rejected"))
"""Folders of files that ``--done`` has put away."""
PATH_GROUPS = tuple(field.name for field in fields(PathFacts))
_ESCAPED_URL = re.compile("https?%3A", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def find_files(paths: str, path_pattern: str | None = None) -> tuple[InputFile, ...]:
    """Find the files that ``--input`` names, each once, sorted by path.

    An empty folder is no error: it is what a folder of dropped files is between two drops.

    In folders, names that begin with a dot or an underscore are passed over: editors, uploaders
    and sync tools write such files beside the real ones. Sidecars are read with their file, never
    as a document.

    Args:
        paths: files, folders and globs parted by commas, or ``-`` for a list on standard input.
        path_pattern: what to look for in each absolute path, where the first match counts; see
            :func:`compile_pattern`.

    Raises:
        UsageError: a path names no file, the pattern is wrong or matches none of them.
    """
    found: dict[str, InputFile] = {}
    for path in _split(paths):
        files = list(_remote(path) if "://" in path else _local(path))
        if not files and not os.path.isdir(os.path.expanduser(path)):
            raise UsageError(f"--input {path}: no file matches")
        found.update((file.uri, file) for file in files)
    files_found = tuple(found[uri] for uri in sorted(found))
    if path_pattern is None or not files_found:
        return files_found
    return _look_into_paths(files_found, path_pattern)


def compile_pattern(path_pattern: str) -> re.Pattern[str]:
    """Compile a ``--path_pattern``: its named groups are fields of a sidecar.

    Raises:
        UsageError: no regular expression, no named group, or a group of another name.
    """
    try:
        pattern = re.compile(path_pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"--path_pattern {path_pattern}: {error}") from error
    known = ", ".join(PATH_GROUPS)
    for name in pattern.groupindex:
        if name not in PATH_GROUPS:
            raise UsageError(f"--path_pattern: unknown group {name!r}; known are {known}")
    if not pattern.groupindex:
        raise UsageError(f"--path_pattern has no named group, (?P<name>...); known are {known}")
    return pattern


def _look_into_paths(files: tuple[InputFile, ...], path_pattern: str) -> tuple[InputFile, ...]:
    pattern = compile_pattern(path_pattern)
    matches = [pattern.search(as_address(file.uri)) for file in files]
    if not any(matches):
        first = as_address(files[0].uri)
        raise UsageError(f"--path_pattern {path_pattern}: matches no path, {first} being the first")
    return tuple(
        replace(file, in_path=path_facts(match)) if match else file
        for file, match in zip(files, matches, strict=True)
    )


def path_facts(match: re.Match[str]) -> PathFacts:
    """What the named groups of a ``--path_pattern`` found in a path."""
    facts = PathFacts(**match.groupdict())
    # The only way to put an address into one name, since a slash would begin a folder.
    if facts.url is not None and _ESCAPED_URL.match(facts.url):
        return replace(facts, url=unquote(facts.url))
    return facts


def _split(paths: str) -> Iterator[str]:
    if paths == "-":
        yield from (line.rstrip("\r\n") for line in sys.stdin if line.strip())
    elif os.path.exists(paths):
        yield paths
    else:
        yield from (part for part in paths.split(",") if part)


def _local(path: str) -> Iterator[InputFile]:
    named = Path(path).expanduser()
    if named.is_dir():
        matches: Iterable[Path] = _below(named)
    elif named.exists():
        matches = [named]
    else:
        matches = (
            Path(match)
            for match in glob.iglob(str(named), recursive=True)
            if not match.endswith(SIDECAR_SUFFIX) and not PUT_AWAY & set(Path(match).parts)
        )
    for match in matches:
        if match.is_file():
            yield _local_file(match)


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in names:
            if not name.startswith((".", "_")) and not name.endswith(SIDECAR_SUFFIX):
                yield Path(parent, name)


def _local_file(path: Path) -> InputFile:
    path = path.absolute()
    facts = path.stat()
    sidecar = path.with_name(path.name + SIDECAR_SUFFIX)
    return InputFile(
        uri=str(path),
        size=facts.st_size,
        modified_at=_EPOCH + timedelta(microseconds=facts.st_mtime_ns // 1000),
        sidecar=str(sidecar) if sidecar.is_file() else None,
    )


def _remote(pattern: str) -> Iterator[InputFile]:
    pattern = pattern.rstrip("/") + "/**" if pattern.endswith("/") else pattern
    try:
        listed = FileSystems.match([pattern])[0].metadata_list
    except (BeamIOError, ValueError) as error:
        raise UsageError(f"--input {pattern}: {error}") from error
    names = {facts.path for facts in listed}
    for facts in listed:
        if facts.path.endswith(SIDECAR_SUFFIX):
            continue
        sidecar = facts.path + SIDECAR_SUFFIX
        yield InputFile(
            uri=facts.path,
            size=facts.size_in_bytes,
            modified_at=_EPOCH + timedelta(seconds=facts.last_updated_in_seconds or 0),
            sidecar=sidecar if sidecar in names else None,
        )
