"""Text, dates, addresses and languages: plain functions that know no Beam."""
