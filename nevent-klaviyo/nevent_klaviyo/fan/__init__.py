"""One fan as both sides see him."""
