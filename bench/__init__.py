"""How fast the plugins are as users run them, against the vendors' documented limits."""
