"""Reading a mail: pure, without Django, because it runs in a child process with limits."""
