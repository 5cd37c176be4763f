"""The one place that wires: settings, clients and clock become use cases, once per process.

A module a function; `world` holds what they share.
"""

from lethe.bootstrap.world import World, use

__all__ = ["World", "use"]
