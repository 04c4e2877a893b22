"""Nevent and Klaviyo on this machine: faithful, seeded, fault-injectable."""
