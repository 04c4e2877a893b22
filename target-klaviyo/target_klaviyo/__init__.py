"""Singer target for Klaviyo that knows the fate of every record."""
