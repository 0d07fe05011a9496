"""The demo bank: a plausible, invented bank that is the same for the same seed and day."""
