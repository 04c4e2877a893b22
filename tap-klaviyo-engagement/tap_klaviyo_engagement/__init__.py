"""Singer tap for Klaviyo: subscribers, engagement per fan, campaigns, flows, reports."""
