"""Outgoing webhooks: other systems subscribe to what happens here."""
