"""``python -m watchkeeper``: the command line."""

from watchkeeper.cli.app import main

main()
