"""Slack: threads are tickets."""
