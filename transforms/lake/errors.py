"""What can be wrong with a lake, as exceptions whose text is one line for a person."""


class LakeError(Exception):
    """Anything wrong with the lake itself; the run ends and commits nothing."""


class LakeLockedError(LakeError):
    """Another run holds the lake."""


class CommitConflictError(LakeError):
    """Another writer made the commit that this run was about to make."""


class LedgerMismatchError(LakeError):
    """Items read and items accounted for differ: something was lost or doubled on the way."""


class DamagedLakeError(LakeError):
    """A file that a commit names is missing or is not what the commit says."""
