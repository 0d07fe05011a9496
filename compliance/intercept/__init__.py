"""What of the lexicon the staff's WeCom client enforces by itself: chosen, pushed, shown."""
