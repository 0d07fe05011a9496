"""Reads of the compliance pages; every list starts from what the reader may see."""
