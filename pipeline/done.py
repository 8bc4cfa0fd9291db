"""What becomes of the files of a round after its commit: kept, moved or deleted.

Everything here may be cut short at any point and done again: a file is in one place or the other,
whole. ``_done`` and ``_rejected`` are never written over, and what was refused is never deleted.

A writer may replace a file at the moment it is put away. So a file is first renamed, out of its
writer's reach, and looked at again; one that is not what the round has read is put back.
"""

import glob
import os
import shutil
import stat
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Literal

from pipeline.drop import DONE_FOLDER, REJECTED_FOLDER, base_of, is_unchanged
from pipeline.sources import SIDECAR_SUFFIX
from schemas.records import InputFile
from transforms.formats.document import as_address
from transforms.lake.files import sync_folder

How = Literal["keep", "move", "delete"]

MOST_PROBLEMS = 20
"""Lines told of one round; a folder without permission would tell one for each of its files."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class DoneReport:
    """What became of the files of a round."""

    moved: int = 0
    """Files moved to ``_done`` or ``_rejected``; one that lies there already, byte for byte, is
    counted here too."""
    deleted: int = 0
    kept: int = 0
    """Files that stay where they are: all under ``keep``, else those with a problem and what was
    found in ``_done`` and ``_rejected``."""
    left: int = 0
    """Files that have changed since they were read; they are taken again in the next round."""
    problems: tuple[str, ...] = ()
    """One line each, for a person: what could not be done."""


class _Fate(Enum):
    MOVED = auto()
    DELETED = auto()
    LEFT = auto()
    GONE = auto()
    """It is no longer there: an earlier call, or somebody else, has put it away."""


def finish_files(
    files: Sequence[InputFile], refused: Set[str], how: How, inputs: Sequence[str]
) -> DoneReport:
    """Put away the files that a commit has read.

    Args:
        files: as they were planned. One whose size or modification time differs now is left.
        refused: uris of documents that were rejected as a whole, as planned or as a reject has
            them. Under ``move`` and ``delete`` alike they go to ``_rejected``.
        how: what to do with the others. ``move``: to ``_done`` in their input folder, under the
            path they had in it, with their sidecars.
        inputs: what :func:`pipeline.drop.inputs_of` made of ``--input``; of folders that lie in
            each other the innermost counts. For a file named directly and for one that lies in no
            input, ``_done`` lies beside it.

    Returns:
        Counts. What could not be done is a problem and no error, for the rows are in the lake.
    """
    if how == "keep":
        return DoneReport(kept=len(files))
    named = {path for path in inputs if _is_file_name(path)}
    bases = sorted({base_of(path) for path in inputs if path not in named}, key=_depth)
    fates = dict.fromkeys(_Fate, 0)
    problems: list[str] = []
    kept = 0
    for file in files:
        path = Path(file.uri)
        is_refused = file.uri in refused or as_address(file.uri) in refused
        try:
            base = path.parent if file.uri in named else _base(path, bases)
            relative = path.relative_to(base)
            if DONE_FOLDER in relative.parts or REJECTED_FOLDER in relative.parts:
                kept += 1
                continue
            if os.path.islink(path):
                raise OSError("a link stays where it is")
            if how == "delete" and not is_refused:
                fate = _delete(file, path)
                fates[_Fate.DELETED if fate is _Fate.MOVED else fate] += 1
            else:
                folder = REJECTED_FOLDER if is_refused else DONE_FOLDER
                fates[_move(file, path, base / folder / relative)] += 1
        except OSError as error:
            problems.append(f"{as_address(file.uri)}: not put away: {error.strerror or error}")
    return DoneReport(
        moved=fates[_Fate.MOVED],
        deleted=fates[_Fate.DELETED],
        kept=kept + len(problems),
        left=fates[_Fate.LEFT],
        problems=_shortened(problems),
    )


def _shortened(problems: list[str]) -> tuple[str, ...]:
    if len(problems) <= MOST_PROBLEMS:
        return tuple(problems)
    more = len(problems) - MOST_PROBLEMS + 1
    return (*problems[: MOST_PROBLEMS - 1], f"{more:,} more files were not put away")


def _is_file_name(path: str) -> bool:
    return os.path.isfile(path) or not (os.path.isdir(path) or glob.has_magic(path))


def _depth(folder: Path) -> int:
    return -len(folder.parts)


def _base(path: Path, bases: Sequence[Path]) -> Path:
    return next((base for base in bases if path.is_relative_to(base)), path.parent)


def _delete(file: InputFile, path: Path) -> _Fate:
    """Delete a file, its sidecar first: while a trace of the file is left, both can be found.

    Returns:
        ``MOVED`` when both are gone now.
    """
    held = path.with_name(f".{path.name}.deleting")
    if _is_planned(path, file):
        if os.path.lexists(held):
            _put_back(held, path)
        os.rename(path, held)
    elif not os.path.lexists(held):
        return _Fate.LEFT if os.path.lexists(path) else _Fate.GONE
    if not _is_planned(held, file):
        _put_back(held, path)
        return _Fate.LEFT
    if not os.path.lexists(path):
        # Otherwise the sidecar is that of the file which has come meanwhile.
        _unlink(_sidecar(path))
    _unlink(held)
    return _Fate.MOVED


def _move(file: InputFile, path: Path, wanted: Path) -> _Fate:
    if not _is_planned(path, file):
        if os.path.lexists(path):
            return _Fate.LEFT
        return _finish_move(file, path, wanted)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    free, last = _names(wanted)
    for name in last:
        if _are_same(path, name):
            _copy_sidecar(path, name)
            return _delete(file, path)
    if os.lstat(path).st_dev != os.stat(wanted.parent).st_dev:
        return _carry_over(file, path, free)
    os.rename(path, free)
    if not _is_planned(free, file):
        _put_back(free, path)
        return _Fate.LEFT
    if os.path.lexists(_sidecar(path)) and not os.path.lexists(path):
        os.rename(_sidecar(path), _sidecar(free))
    return _Fate.MOVED


def _carry_over(file: InputFile, path: Path, target: Path) -> _Fate:
    """Move to another file system: the copies are whole and on the disk before the file goes."""
    _copy(path, target, lambda: _is_planned(path, file))
    if not os.path.lexists(target):
        return _Fate.LEFT
    _copy_sidecar(path, target)
    sync_folder(target.parent)
    return _delete(file, path)


def _copy(path: Path, target: Path, is_good: Callable[[], bool] = lambda: True) -> None:
    """Copy a file whole or, when it is no longer good after that, not at all."""
    temporary = target.with_name(f".{target.name}.tmp")
    with path.open("rb") as content, temporary.open("wb") as copy:
        shutil.copyfileobj(content, copy, _PIECE)
        copy.flush()
        os.fsync(copy.fileno())
    if is_good():
        shutil.copystat(path, temporary)
        os.rename(temporary, target)
    else:
        os.unlink(temporary)


def _copy_sidecar(path: Path, target: Path) -> None:
    beside = _sidecar(path)
    if os.path.lexists(beside) and not os.path.lexists(_sidecar(target)):
        _copy(beside, _sidecar(target))


def _finish_move(file: InputFile, path: Path, wanted: Path) -> _Fate:
    """Send the sidecar after its file, when an earlier call ended between the two."""
    if os.path.lexists(path.with_name(f".{path.name}.deleting")):
        return _delete(file, path)
    _, last = _names(wanted)
    for name in last:
        alone = os.path.lexists(_sidecar(path)) and not os.path.lexists(_sidecar(name))
        if alone and _is_planned(name, file):
            os.rename(_sidecar(path), _sidecar(name))
            return _Fate.MOVED
    return _Fate.GONE


def _names(wanted: Path) -> tuple[Path, tuple[Path, ...]]:
    """Where a file can go, and the names of its kind that are taken: the first and the last.

    A name may come again every minute for years (``latest.xml``), so the last one is not looked
    for by counting up to it.

    Returns:
        ``name.ext`` when it is free, else the first free one of ``name.1.ext``, ``name.2.ext`` …
        as far as they have no gap.
    """

    def numbered(number: int) -> Path:
        return wanted.with_name(f"{wanted.stem}.{number}{wanted.suffix}") if number else wanted

    def is_taken(number: int) -> bool:
        name = numbered(number)
        return os.path.lexists(name) or os.path.lexists(_sidecar(name))

    free = _first_false(is_taken)
    return numbered(free), tuple(numbered(n) for n in sorted({0, free - 1}) if 0 <= n < free)


def _first_false(is_true: Callable[[int], bool]) -> int:
    """The first number for which ``is_true`` is false, when it is so for all after it."""
    if not is_true(0):
        return 0
    taken, free = 0, 1
    while is_true(free):
        taken, free = free, free * 2
    while free - taken > 1:
        middle = (taken + free) // 2
        taken, free = (middle, free) if is_true(middle) else (taken, middle)
    return free


def _are_same(path: Path, other: Path) -> bool:
    """Tell whether a file lies there already byte for byte, and what its sidecar says too.

    One that lies there without a sidecar can be given this one's: it says more, and an earlier call
    may have ended before it came to the sidecar.
    """
    if not _same_bytes(path, other):
        return False
    beside = _sidecar(other)
    return not os.path.lexists(beside) or _same_bytes(_sidecar(path), beside)


def _same_bytes(path: Path, other: Path) -> bool:
    try:
        if os.stat(path).st_size != os.stat(other).st_size:
            return False
        with path.open("rb") as ours, other.open("rb") as theirs:
            while piece := ours.read(_PIECE):
                if piece != theirs.read(_PIECE):
                    return False
            return not theirs.read(1)
    except FileNotFoundError:
        return False


def _is_planned(path: Path, file: InputFile) -> bool:
    """Tell whether the file that the round has read lies under this name."""
    try:
        facts = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return stat.S_ISREG(facts.st_mode) and is_unchanged(file, facts)


def _put_back(held: Path, path: Path) -> None:
    """Give a file that was not read back to the input folder, without writing over a newer one."""
    try:
        os.link(held, path)
    except OSError:
        # A newer one has come, or the disk knows no links.
        os.rename(held, _names(path)[0])
    else:
        os.unlink(held)


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + SIDECAR_SUFFIX)


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
