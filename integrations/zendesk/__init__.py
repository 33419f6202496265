"""Zendesk as a channel."""
