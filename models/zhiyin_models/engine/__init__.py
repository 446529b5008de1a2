"""The engine: what turns messages into tokens, in a process of its own."""
