"""Where tickets are shown again: triage cards, questions to the team, bridges."""
