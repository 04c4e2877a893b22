"""Klaviyo on this machine: one account behind its HTTP API, revision 2026-07-15."""

from nevent_sandbox.klaviyo.app import build_klaviyo

__all__ = ["build_klaviyo"]
