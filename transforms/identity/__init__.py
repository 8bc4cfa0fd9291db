"""What makes two items the same: keys, sightings, and the judge."""
