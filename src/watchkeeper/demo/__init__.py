"""An account with known faults, and the whole system once through."""
