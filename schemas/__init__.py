"""The records that travel through the pipeline and the tables they end in.

Nothing here knows Beam; only :mod:`schemas.parquet` knows pyarrow.
"""
