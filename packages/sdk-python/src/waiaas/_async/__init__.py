"""The clients that do not block. Those that do, in _sync, are made from them by tools/generate_sync.py."""
