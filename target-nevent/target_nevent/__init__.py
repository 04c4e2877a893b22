"""Singer target for Nevent."""
