"""Feeds: their lists, when they are asked, and what is remembered of them; no Beam."""
