"""Widgets: they show and emit; they know no service."""
