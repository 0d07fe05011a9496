"""Customer pages, one module per page."""
