"""The doors of the house: what `make` calls."""
