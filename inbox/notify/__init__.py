"""What staff are told, where, and when not."""
