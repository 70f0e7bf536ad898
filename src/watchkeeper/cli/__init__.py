"""The command line: arguments, progress, tables, exit codes; nothing else."""

import gc

# What a command loads stays until it ends: Python need not look for garbage in it so often.
gc.set_threshold(100_000)
