"""Files of a folder replaced by others in one moment.

Whoever lists a folder must see all of the old files or all of the new one, or rows would be counted
twice or not at all. Linux can exchange two folders in one call, ``renameat2`` with
``RENAME_EXCHANGE`` (since 3.15; in glibc since 2.28; ext4, XFS, Btrfs, tmpfs and others). So a
folder is prepared that holds the new files and hard links to those that stay, and takes the place
of the old one. Where the call is not to be had, new files are linked in before old ones are
unlinked: for some milliseconds both are there.
"""

import contextlib
import ctypes
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from errno import EINVAL, ENOSYS, EOPNOTSUPP, EPERM, EXDEV
from pathlib import Path

from transforms.lake.files import sync_folder

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2

CANNOT = frozenset({EINVAL, ENOSYS, EOPNOTSUPP, EPERM, EXDEV})
"""What a kernel, a file system or a container says that does not exchange folders. EPERM is also
said of links to other people's files, which :func:`replace_files` then does without."""


def exchange(one: Path, other: Path) -> None:
    """Let two files or folders change places, in one call.

    Raises:
        OSError: it cannot be done; with an error number of :data:`CANNOT` when it never can here.
    """
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        raise OSError(ENOSYS, os.strerror(ENOSYS), str(one), None, str(other))
    names = os.fsencode(one), os.fsencode(other)
    if call(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one), None, str(other))


def replace_files(
    folder: Path, added: Mapping[str, Path], removed: Collection[str], workshop: Path
) -> None:
    """Take files out of a folder and put others in; safe to repeat from any point.

    What else is in the folder stays. The old folder is left in the workshop: a reader that has
    opened it goes on listing all of it.

    Args:
        folder: what readers list.
        added: the new files by the names they are to have; each in the folder already or at its
            path, of which it becomes a hard link.
        removed: names of the files that go; one that is not there has gone already.
        workshop: where the folder is prepared. A writer declared dead finds it gone and stops.

    Raises:
        FileNotFoundError: the workshop, or a file that is not in the folder yet, is gone.
    """
    if _is_done(folder, added, removed):
        return
    try:
        exchange(_prepared(folder, added, removed, workshop), folder)
    except OSError as error:
        if error.errno not in CANNOT:
            raise
        _one_by_one(folder, added, removed)
        sync_folder(folder)
    sync_folder(folder.parent)


def _is_done(folder: Path, added: Mapping[str, Path], removed: Collection[str]) -> bool:
    there = set(os.listdir(folder))
    return there.issuperset(added) and there.isdisjoint(removed)


def _prepared(
    folder: Path, added: Mapping[str, Path], removed: Collection[str], workshop: Path
) -> Path:
    """A folder with the content that is due, ready to take the other's place.

    Its name is its own: two writers that finish one commit do not meddle with each other's.
    """
    if folder.is_symlink():
        raise OSError(EXDEV, "a link has no place among folders", str(folder))
    prepared = Path(tempfile.mkdtemp(prefix="swap-", dir=workshop))
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in removed or entry.name in added:
                continue
            if not entry.is_file(follow_symlinks=False):
                raise OSError(EXDEV, "only files have hard links", entry.path)
            os.link(entry.path, prepared / entry.name)
    for name, path in added.items():
        _link(path, prepared / name, folder / name)
    shutil.copymode(folder, prepared)
    sync_folder(prepared)
    return prepared


def _link(path: Path, target: Path, otherwise: Path) -> None:
    """Link a file; a writer that was cut short may have put it in its place already."""
    try:
        os.link(path, target)
    except FileNotFoundError:
        os.link(otherwise, target)


def _one_by_one(folder: Path, added: Mapping[str, Path], removed: Collection[str]) -> None:
    for name, path in added.items():
        if not (folder / name).exists():
            with contextlib.suppress(FileExistsError):
                os.link(path, folder / name)
    for name in removed:
        (folder / name).unlink(missing_ok=True)
