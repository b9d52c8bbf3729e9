# SPDX-License-Identifier: MIT
"""The zone of a meter's clock as a setting: meters do not send it."""

from __future__ import annotations

import re
from datetime import timedelta, timezone

from ..model import ConfigError

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def utc_offset(setting: object) -> timezone | None:
    """Return the zone of a setting such as ``+03:00``; None when it is empty."""
    if not setting:
        return None
    match = _OFFSET.fullmatch(str(setting))
    if match is None or int(match[2]) > 23 or int(match[3]) > 59:
        raise ConfigError(f"utc_offset {setting!r}: write it as +03:00")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)
