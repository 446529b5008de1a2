"""Qt shells around what has none: signals, nothing else."""
