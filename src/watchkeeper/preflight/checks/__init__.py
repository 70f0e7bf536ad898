"""One module per check, named like its id. Each holds ``CHECK`` and the function that looks."""
