"""Renderers of a preflight report, one module per format."""
