"""Playbooks: what a team does step by step around a moment, timed, owned and logged."""
