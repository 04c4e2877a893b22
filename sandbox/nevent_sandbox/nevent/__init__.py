"""Nevent on this machine: a seeded Spanish festival audience behind its HTTP API."""

from nevent_sandbox.nevent.app import build_nevent

__all__ = ["build_nevent"]
