"""Live chat: our own widget as a channel; the visitor's side is `inbox/web/chat.py`."""
