"""What AWS is, without asking it: facts as generated data, ARNs, names that were nearly right."""
