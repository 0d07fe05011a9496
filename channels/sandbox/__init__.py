"""A local stand-in for WeCom's servers: contacts nobody outside, reaches no real person."""
