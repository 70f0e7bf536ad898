"""What an account has already, asked read-only: recorders, rules, quotas, names that are taken."""
