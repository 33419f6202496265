"""GitHub: issues, pull requests and discussions are tickets."""
