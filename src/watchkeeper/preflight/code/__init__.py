"""What a function's code does, read without running it: environment variables, API calls, metrics."""
