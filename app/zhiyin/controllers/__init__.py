"""Controllers connect views to services and the store; they know no pixel."""
