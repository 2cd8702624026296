"""Version of this package; all packages of the product share it."""

__version__ = "0.2.0"
