"""The old path of :mod:`watchkeeper.local`."""
