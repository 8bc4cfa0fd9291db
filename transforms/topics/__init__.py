"""Topic tags with their evidence, from a vocabulary that is data."""
