"""The transparency log of the archive: an append-only RFC 6962 tree over messages, media, scan
results and everything that people did with them.

append.py takes leaves in, in the transaction that stores what they speak of; heads.py signs the
root; anchors.py carries heads out of the database's trust zone; verify/ proves it all again.
merkle.py and canonical.py are pure and know no database.
"""
