"""A local stand-in for WeCom's servers: it never contacts Tencent and never reaches a real person."""
