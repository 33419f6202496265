"""Common Room: a community's members, and what they did."""
