"""Which files of the input folders a round takes.

A bounded run takes what is there. A local stream looks again and again at folders that others
write to, so it must not take a file that is still being written. Rename-in is the safe way to hand
over a file: write it under a name that is passed over (``*.tmp``, ``*.part``, ``.name``, ``_name``)
and rename it when it is whole. A file written under its own name is taken once it has not changed
for a while.
"""

import errno
import glob
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from pipeline.errors import UsageError
from pipeline.sources import SIDECAR_SUFFIX, compile_pattern, path_facts
from schemas.records import InputFile
from transforms.formats.document import as_address

UNFINISHED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".filepart", "~")
"""Ends of names that browsers, uploaders and editors give to what is not whole; in any case."""
DONE_FOLDER = "_done"
REJECTED_FOLDER = "_rejected"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PASSED_OVER = (".", "_")

OnError = Callable[[OSError], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a round takes of the files that were found, and what it leaves."""

    files: tuple[InputFile, ...]
    """The oldest first."""
    waiting: int
    """Files that are ready but beyond what one round takes."""
    writing: int
    """Files that may still be written to."""
    waiting_since: datetime | None = None
    """When the file that has waited longest was last changed or moved in; None when none waits."""


class Finished:
    """The files that are done and stay where they are, so that they are not read again.

    A file is known by its path, size and modification time, as 8 bytes of hash: a million files
    take 8 MB. It lives as long as the process; after a restart the files are read once more and
    found unchanged.
    """

    def __init__(self) -> None:
        self._keys: npt.NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._first_seen: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, files: Iterable[InputFile]) -> None:
        """Remember files as done; call it after the commit, whatever becomes of the files.

        One that was changed since has another size or time and is taken again.
        """
        self._keys = np.union1d(self._keys, _keys(files))

    def unfinished(self, found: Sequence[InputFile]) -> list[InputFile]:
        """Of the files that were found, those that are not done. What is gone is forgotten."""
        keys = _keys(found)
        at = np.searchsorted(self._keys, keys)
        is_done = np.zeros(len(keys), dtype=bool)
        inside = at < len(self._keys)
        is_done[inside] = self._keys[at[inside]] == keys[inside]
        self._keys = np.unique(keys[is_done])
        return [file for file, done in zip(found, is_done.tolist(), strict=True) if not done]

    def since(self, changes: dict[int, int], now: int) -> dict[int, int]:
        """Since when nothing has changed of files whose times lie in the future.

        Args:
            changes: key and time of last change of each such file, microseconds.
            now: microseconds.

        Returns:
            When each was first seen with that time. Files that are not named are forgotten.
        """
        before = self._first_seen
        self._first_seen = {state: before.get(state, now) for state in changes.items()}
        return {key: first for (key, _), first in self._first_seen.items()}


def inputs_of(paths: str) -> tuple[str, ...]:
    """The absolute paths and globs that ``--input`` names, for a stream.

    Raises:
        UsageError: standard input, which cannot be read again each round, or an object store.
    """
    if paths == "-":
        raise UsageError("--input -: a stream looks again each round; name files or folders")
    parts = [paths] if os.path.exists(paths) else [part for part in paths.split(",") if part]
    for part in parts:
        if "://" in part:
            raise UsageError(f"--input {part}: a stream's files must be on a local disk")
    return tuple(str(Path(part).expanduser().absolute()) for part in parts)


def base_of(path: str) -> Path:
    """The folder an input lies in: itself, a file's parent, the fixed beginning of a glob."""
    named = Path(path)
    if named.is_dir():
        return named
    if named.exists() or not glob.has_magic(path):
        return named.parent
    fixed = next(number for number, part in enumerate(named.parts) if glob.has_magic(part))
    return Path(*named.parts[:fixed])


def look(
    paths: str | Sequence[str],
    path_pattern: str | None = None,
    on_error: OnError | None = None,
) -> tuple[InputFile, ...]:
    """Find the files that ``--input`` names, as :func:`pipeline.sources.find_files` does.

    Unlike there, nothing found is normal, of a folder, a glob, or a file that is not there yet, and
    so is a pattern that no path matches. Files that vanish meanwhile are passed over. Of the
    matches of a glob, names that begin with a dot or an underscore and what is in ``_done`` and
    ``_rejected`` are passed over too, so that no glob finds what was put away.

    Args:
        paths: as given to ``--input``, or what :func:`inputs_of` made of it.
        path_pattern: see :func:`pipeline.sources.compile_pattern`.
        on_error: told of each folder or file that cannot be looked at; the default is to raise.

    Returns:
        Each file once, sorted by path.

    Raises:
        UsageError: the folder in which an input would lie is not there, or an input cannot be
            looked at again and again.
        OSError: something cannot be looked at and ``on_error`` is None.
    """
    found: dict[str, InputFile] = {}
    for path in inputs_of(paths) if isinstance(paths, str) else paths:
        found.update((file.uri, file) for file in _files_of(path, on_error))
    files = [found[uri] for uri in sorted(found)]
    if path_pattern is None:
        return tuple(files)
    search = compile_pattern(path_pattern).search
    matches = [search(as_address(file.uri)) for file in files]
    return tuple(
        replace(file, in_path=path_facts(match)) if match else file
        for file, match in zip(files, matches, strict=True)
    )


def ready_files(
    found: Sequence[InputFile],
    now: datetime,
    settle: timedelta,
    finished: Finished,
    most_files: int,
    most_bytes: int,
) -> Taken:
    """Choose the files of a round.

    A file is settled when it was neither written to nor moved in for ``settle``, by the later of
    its modification and change times. A time in the future, from a wrong clock or an archive,
    counts from when it was first seen. A sidecar that is not settled holds its file back.

    Args:
        found: what :func:`look` found.
        now: aware, UTC.
        settle: how long a file must have been left alone.
        finished: what is done already; it forgets what is not among ``found``.
        most_files: files of one round.
        most_bytes: their sizes together; one file is taken however large it is.

    Raises:
        OSError: the disk does not answer.
    """
    at, wait = (now - _EPOCH) // _MICROSECOND, settle // _MICROSECOND
    candidates = [file for file in finished.unfinished(found) if not _unfinished_name(file.uri)]
    changed = [(file, _changed(file)) for file in candidates]
    writing = sum(when == _IN_WORK for _, when in changed)
    there = [(file, when) for file, when in changed if when not in (_IN_WORK, None)]
    early = {_key(file): when for file, when in there if when is not None and when > at}
    since = finished.since(early, at)
    ready: list[tuple[int, InputFile]] = []
    for file, when in there:
        last = since[_key(file)] if when is not None and when > at else when
        if last is not None and at - last >= wait:
            ready.append((last, file))
        else:
            writing += 1
    return _cut(ready, writing, most_files, most_bytes)


def _cut(
    ready: list[tuple[int, InputFile]], writing: int, most_files: int, most_bytes: int
) -> Taken:
    """As many as a round takes, the oldest first, so that a flood becomes several rounds."""
    ready.sort(key=lambda pair: (pair[1].modified_at, pair[1].uri))
    number = size = 0
    for _, file in ready[:most_files]:
        size += file.size
        if number and size > most_bytes:
            break
        number += 1
    number = max(number, min(1, len(ready)))
    waiting = [last for last, _ in ready[number:]]
    return Taken(
        files=tuple(file for _, file in ready[:number]),
        waiting=len(waiting),
        writing=writing,
        waiting_since=_EPOCH + min(waiting) * _MICROSECOND if waiting else None,
    )


_IN_WORK = -1
"""Stands for the time of a change that is going on."""


def _changed(file: InputFile) -> int | None:
    """When a file or its sidecar was last written to or moved in, microseconds.

    Returns:
        None when the file is gone, ``_IN_WORK`` when it has changed since it was found.
    """
    try:
        facts = os.stat(file.uri)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not is_unchanged(file, facts):
        return _IN_WORK
    times = [facts.st_mtime_ns, facts.st_ctime_ns]
    if file.sidecar is not None:
        try:
            beside = os.stat(file.sidecar)
        except (FileNotFoundError, NotADirectoryError):
            return _IN_WORK
        times += [beside.st_mtime_ns, beside.st_ctime_ns]
    return max(0, max(times) // 1000)


def is_unchanged(file: InputFile, facts: os.stat_result) -> bool:
    """Tell whether a file still has the size and modification time it was found with."""
    modified = _EPOCH + facts.st_mtime_ns // 1000 * _MICROSECOND
    return (facts.st_size, modified) == (file.size, file.modified_at)


def _unfinished_name(uri: str) -> bool:
    return uri.casefold().endswith(UNFINISHED_SUFFIXES)


def _key(file: InputFile) -> int:
    modified = (file.modified_at - _EPOCH) // _MICROSECOND
    return xxhash.xxh3_64_intdigest(b"%d %d " % (file.size, modified) + os.fsencode(file.uri))


def _keys(files: Iterable[InputFile]) -> npt.NDArray[np.uint64]:
    return np.fromiter(map(_key, files), dtype=np.uint64)


def _files_of(path: str, on_error: OnError | None) -> Iterator[InputFile]:
    named = Path(path)
    if named.is_dir():
        yield from _below(path, on_error)
        return
    if named.exists():
        matches: Iterable[str] = [path]
    else:
        base = base_of(path)
        if not base.is_dir():
            raise UsageError(f"--input {as_address(path)}: there is no folder {base}")
        matches = _matches(path, base) if glob.has_magic(path) else ()
    for match in matches:
        sidecar = match + SIDECAR_SUFFIX
        file = _input_file(match, sidecar if os.path.isfile(sidecar) else None, on_error)
        if file is not None:
            yield file


def _matches(path: str, base: Path) -> Iterator[str]:
    for match in glob.iglob(path, recursive=True):
        *folders, name = Path(match).relative_to(base).parts or ("",)
        put_away = DONE_FOLDER in folders or REJECTED_FOLDER in folders
        if not (put_away or name.startswith(_PASSED_OVER) or name.endswith(SIDECAR_SUFFIX)):
            yield match


def _below(folder: str, on_error: OnError | None) -> Iterator[InputFile]:
    """Files below a folder. Links to folders are not followed: they may lead in a circle."""
    folders = [folder]
    while folders:
        parent = folders.pop()
        try:
            with os.scandir(parent) as listed:
                entries = [entry for entry in listed if not entry.name.startswith(_PASSED_OVER)]
        except OSError as error:
            _tell(error, on_error)
            continue
        sidecars = {entry.path for entry in entries if entry.name.endswith(SIDECAR_SUFFIX)}
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif entry.path not in sidecars:
                sidecar = entry.path + SIDECAR_SUFFIX
                file = _input_file(entry.path, sidecar if sidecar in sidecars else None, on_error)
                if file is not None:
                    yield file


def _input_file(path: str, sidecar: str | None, on_error: OnError | None) -> InputFile | None:
    """A regular file as the plan has it; None when it is gone or something else."""
    try:
        facts = os.stat(path)
    except OSError as error:
        _tell(error, on_error)
        return None
    if not stat.S_ISREG(facts.st_mode):
        return None
    modified_at = _EPOCH + facts.st_mtime_ns // 1000 * _MICROSECOND
    return InputFile(path, facts.st_size, modified_at, sidecar)


def _tell(error: OSError, on_error: OnError | None) -> None:
    """Pass on what is wrong; that a name has vanished or is a link to nothing is not."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return
    if on_error is None:
        raise error
    on_error(error)
