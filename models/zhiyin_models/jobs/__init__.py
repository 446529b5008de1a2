"""Long work in a process of its own: its state on disk, its runner, and the one client that starts and watches it."""
