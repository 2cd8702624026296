"""Writes the clients that block from those that do not, so that nothing of them is written by hand twice.

    python tools/generate_sync.py
"""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "waiaas"
WORDS = (
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\b__a(enter|exit)__\b", r"__\1__"),
    (r"\baclose\b", "close"),
    (r"\baiter_bytes\b", "iter_bytes"),
    (r"\baread\b", "read"),
    (r"\baclosing\b", "closing"),
    (r"\bAsyncGenerator\[(\w+), None\]", r"Generator[\1, None, None]"),
    (r"\b(?:Async|Any)(?=OwnerSigner)", ""),
    (r"\bsign_async\b", "sign_sync"),
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r"\bAwaitable, ", ""),
    (r"\bAsync(?=[A-Z])", ""),
)


def generate() -> dict[str, str]:
    """The generated files by name."""
    made = {"__init__.py": '"""The clients that block. Made by tools/generate_sync.py from _async. Do not edit."""\n'}
    for path in sorted((SOURCE / "_async").glob("*.py")):
        if path.name == "__init__.py":
            continue
        text = path.read_text("utf-8")
        for pattern, replacement in WORDS:
            text = re.sub(pattern, replacement, text)
        made[path.name] = f"# Made by tools/generate_sync.py from _async/{path.name}. Do not edit.\n{text}"
    return made


def main() -> None:
    for name, text in generate().items():
        (SOURCE / "_sync" / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
