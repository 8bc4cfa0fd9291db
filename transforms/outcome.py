"""The names of outputs, and the one way to count for display.

Counters are for people who watch a run. The ledger never uses them: most runners count a repeated
bundle twice.
"""

from apache_beam.metrics import Metrics

REJECTS = "rejects"
COUNTS = "counts"
INPUTS = "inputs"
READINGS = "readings"
POLLS = "polls"
HOSTS = "hosts"
ARCHIVED = "archived"
SUMMARY = "summary"
KNOWN = "known"


def count(name: str, amount: int = 1) -> None:
    """Add to the counter ``newsbeam:<name>``."""
    Metrics.counter("newsbeam", name).inc(amount)
