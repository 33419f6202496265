"""Saved views: a filter of the queue under a name, for one person, a team or everybody."""
