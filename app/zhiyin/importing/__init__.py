"""Card files, read and written by a process of their own: what strangers made can end that process, and never the window."""
