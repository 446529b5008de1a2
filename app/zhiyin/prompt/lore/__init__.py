"""Lorebooks: what they hold, which of it a conversation calls up, and their files. No Qt."""
