# SPDX-License-Identifier: MIT
"""Where drivers keep what must survive a restart."""

from __future__ import annotations

import os
from pathlib import Path

from ..config import default_path, load_settings
from ..model import ConfigError

STATE_VARIABLE = "ACTWIN_COLLECTOR_STATE"


def state_folder(setting: str = "") -> Path:
    """Return the collector's state folder; raises ConfigError when there is none.

    In this order: the device's own setting, ``ACTWIN_COLLECTOR_STATE``, systemd's
    ``STATE_DIRECTORY``, ``state_dir`` of the configuration file.
    """
    folder = setting or os.environ.get(STATE_VARIABLE) or os.environ.get("STATE_DIRECTORY")
    if folder:
        return Path(folder.partition(":")[0])
    try:
        return Path(load_settings(default_path()).collector.state_dir)
    except ConfigError as error:
        raise ConfigError(f"no state folder: set {STATE_VARIABLE} ({error.message})") from None
