"""Greenhouse: which roles are open."""
