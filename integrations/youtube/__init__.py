"""YouTube: which streams are live, and who may see them."""
