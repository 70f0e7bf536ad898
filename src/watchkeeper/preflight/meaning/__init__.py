"""What a resource graph means: buckets, roles, policies, deliveries, who lets whom in. Checks ask here."""
