"""HubSpot: conversations in and out, and contacts as a directory."""
