"""Measurements. Each is a ratio to something real in the same run; ``python -m bench`` prints them all as JSON."""
