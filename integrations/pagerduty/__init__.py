"""PagerDuty: who is on call."""
