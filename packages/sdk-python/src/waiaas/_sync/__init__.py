"""The clients that block. Made by tools/generate_sync.py from _async. Do not edit."""
