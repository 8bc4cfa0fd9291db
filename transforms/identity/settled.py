"""Known items that come again as they were: most of what a poll brings.

The judge says *unchanged* of them and learns nothing, whatever else the run brings, as long as
nothing else in the run has a key of the item. Those are told here all at once, file by file, so
that reading a large lake's input again does not make a record of every item that there is.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.judgement import Status
from transforms.identity.columns import UNITING, Keys, index_entries, keys_and_rows

_Rows = npt.NDArray[np.int64]

NOT_SETTLED = -1
"""Instead of a row of the history: the judge must see the sighting."""


class Settled:
    """Tells which sightings repeat a known item as it was.

    All sightings must be shown to :meth:`owners_of` before :meth:`are_settled` is asked.

    Args:
        history: the latest row of each known item that shares a key with the run.
    """

    def __init__(self, history: pa.Table) -> None:
        keys, rows = index_entries(history, ("aliases",))
        order = np.argsort(keys, kind="stable")
        self._keys, self._rows = keys[order], rows[order].astype(np.int64)
        self._content = history.column("content").to_numpy()
        status = history.column("status").to_numpy()
        self._is_moved = (status != Status.ARTICLE.value) & (status != Status.DUPLICATE.value)
        is_shared = np.flatnonzero(self._keys[1:] == self._keys[:-1])
        self._is_moved[self._rows[is_shared]] = True
        self._is_moved[self._rows[is_shared + 1]] = True

    def owners_of(self, sightings: pa.Table) -> _Rows:
        """For each sighting the known item that has all its keys and this very content.

        The items that share a key with any other sighting are noted: it may change them.

        Returns:
            Rows of the history, :data:`NOT_SETTLED` where there is none.
        """
        owner = np.full(sightings.num_rows, NOT_SETTLED)
        disowned = pc.list_value_length(sightings.column("disowned")).to_numpy()
        holds = ~sightings.column("is_reject").to_numpy() & (disowned == 0)
        for name in UNITING:
            column = sightings.column(name)
            has_key = column.is_valid().to_numpy()
            found = self._owner_of(column.fill_null(0).to_numpy())
            owner = np.where(has_key & (owner == NOT_SETTLED), found, owner)
            holds &= ~has_key | ((found == owner) & (found != NOT_SETTLED))
        holds &= owner != NOT_SETTLED
        holds[holds] = self._content[owner[holds]] == sightings.column("content").to_numpy()[holds]
        for name in (*UNITING, "disowned"):
            keys, rows = keys_and_rows(sightings.column(name))
            moved = self._owner_of(keys[~holds[rows]])
            self._is_moved[moved[moved != NOT_SETTLED]] = True
        return np.where(holds, owner, NOT_SETTLED)

    def are_settled(self, owners: _Rows) -> npt.NDArray[np.bool_]:
        """Which sightings, given by what :meth:`owners_of` said of them, are unchanged for sure."""
        settled: npt.NDArray[np.bool_] = owners != NOT_SETTLED
        settled[settled] = ~self._is_moved[owners[settled]]
        return settled

    def _owner_of(self, keys: Keys) -> _Rows:
        if not len(self._keys):
            return np.full(len(keys), NOT_SETTLED)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[places] == keys, self._rows[places], NOT_SETTLED)
