"""Everything about models: the engine process, the library, the hub, conversion. No Qt, usable without the app."""

__version__ = "0.1.0"
