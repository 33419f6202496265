"""The demo community: made-up people, believable questions, every state of the desk."""
