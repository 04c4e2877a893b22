"""`sandbox demo`: the main job run three times on this machine, and what came of it."""

from nevent_sandbox.demo.command import demo

__all__ = ["demo"]
