"""How long the archive keeps what: retention classes, legal holds, purges by two people."""
