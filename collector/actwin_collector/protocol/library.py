# SPDX-License-Identifier: MIT
"""Descriptions of users' own beside those delivered: folders in the collector's state folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .state import STATE_VARIABLE

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def is_name(text: object) -> bool:
    """Whether a setting can be the name of a description."""
    return isinstance(text, str) and bool(_NAME.fullmatch(text))


def own_folder(folder: str) -> Path | None:
    """Return a folder of the user's own; None when the state folder is not told."""
    state = os.environ.get(STATE_VARIABLE) or os.environ.get("STATE_DIRECTORY")
    return Path(state.partition(":")[0]) / folder if state else None


def own_file(folder: str, name: str) -> Path | None:
    """Return the user's own description of this name, None when there is none."""
    own = own_folder(folder)
    path = own / f"{name}.toml" if own else None
    return path if path is not None and path.is_file() else None
