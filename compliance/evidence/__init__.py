"""Evidence packages: one zip that proves itself with Python's standard library and no network.

docs/evidence.md describes the format. package.py puts files in order and signs; content.py gathers
what goes in; services.py is asked for a package, has a second person agree, and builds it.
"""
