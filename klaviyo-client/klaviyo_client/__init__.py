"""HTTP to Klaviyo: session, limits, pacing and errors."""
