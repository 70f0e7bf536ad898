"""What people read: one results model (:mod:`.results`), one renderer for each format, a JSON Schema for each document.

Everything here is pure: values in, text or plain JSON out. It runs on Lambda and in the CLI, with the standard library
and, for HTML only, Jinja2.
"""
