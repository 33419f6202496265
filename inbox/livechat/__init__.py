"""Live chat: visitors, their conversations, what they may read, and mail when they have gone."""
