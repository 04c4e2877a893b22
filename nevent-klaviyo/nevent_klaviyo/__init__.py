"""Tools for who operates the synchronisation: they read both sides and change nothing."""
