"""`nevent-klaviyo verify`: whether both sides let the synchronisation do its work."""
