"""Markdown to typed blocks. No Qt."""
