"""Running the checks: which ones, with which settings and suppressions, and in whose words."""
