"""Model files: what they hold, where they lie, whether they fit."""
