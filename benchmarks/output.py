"""Where a measurement's figures go: printed, and kept if a file is named."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def save(result: Mapping[str, Any], output: Path | None) -> None:
    """Prints the figures as JSON and writes them to the file, if there is one."""
    text = json.dumps(result, indent=2) + "\n"
    print(text, end="")
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
