"""The lake on disk: layout, commits, history and the lock; no Beam graph."""
