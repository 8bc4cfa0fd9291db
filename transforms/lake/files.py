"""Files that are either whole or not there.

Everything the lake does to a disk goes through these functions, which is where another kind of
storage is to be taught.
"""

import os
from pathlib import Path

import pyarrow as pa
import xxhash


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, content: bytes | pa.Buffer, *, sync: bool = True) -> None:
    """Write a file so that its name never stands for half of it.

    The folder must exist: a worker that outlived its run finds its staging gone and stops here.

    Args:
        path: the final name; an existing file of that name is replaced.
        content: all of it.
        sync: wait until it would survive a power cut; needless for what a dead run may lose.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as handle:
        handle.write(content)
        if sync:
            handle.flush()
            os.fsync(handle.fileno())
    temporary.replace(path)


def content_name(content: bytes | pa.Buffer) -> str:
    """32 hex digits of XXH128: the same bytes have the same name wherever they are written."""
    return xxhash.xxh3_128_hexdigest(content)


def file_hash(path: Path) -> str:
    """:func:`content_name` of a file, read in pieces."""
    state = xxhash.xxh3_128()
    with path.open("rb") as handle:
        while piece := handle.read(1 << 20):
            state.update(piece)
    return state.hexdigest()


def adopt(temporary: Path) -> tuple[Path, str, int]:
    """Give a finished file the name of its content, and make it survive a power cut.

    Args:
        temporary: a file named ``<anything>.<suffix>.tmp``.

    Returns:
        Its new path ``<hash>.<suffix>``, its hash and its size in bytes.
    """
    content_hash = file_hash(temporary)
    path = temporary.with_name(content_hash + Path(temporary.stem).suffix)
    with temporary.open("rb") as handle:
        os.fsync(handle.fileno())
        size = os.fstat(handle.fileno()).st_size
    temporary.replace(path)
    return path, content_hash, size
