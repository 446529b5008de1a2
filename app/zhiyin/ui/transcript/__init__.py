"""The transcript: a virtual, painted view of one conversation."""
