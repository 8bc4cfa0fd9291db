"""From bytes to items: one room a format, none of which knows Beam.

Each room has ``owns(content) -> bool``, which looks at the bytes alone, and
``parse(content, document) -> ParsedDocument``, which raises
:class:`~transforms.formats.errors.UnreadableError` for what it cannot read. The registry lists
them.
"""
