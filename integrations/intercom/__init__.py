"""Intercom: its conversations as tickets, answered where they were begun."""
