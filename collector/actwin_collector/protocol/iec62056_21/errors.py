# SPDX-License-Identifier: MIT
"""Named failures of IEC 62056-21 beside the general ones."""

from __future__ import annotations

from ...model import ConfigError, ProtocolError


class MeterError(ProtocolError):
    """The meter answered a command with an error text."""

    default_code = "meter_error"


class AccessDenied(MeterError):
    """The meter wants a password, or a better one, for this command."""

    default_code = "access_denied"


class ParityError(ProtocolError):
    """Characters arrived with the wrong parity."""

    default_code = "parity_error"


class DlmsMeter(ProtocolError):
    """The meter speaks DLMS (mode E) and gives no readout: the driver must be another one."""

    default_code = "dlms_meter"


class PasswordRefused(ConfigError):
    """The meter did not take the password; it will not be sent again."""

    default_code = "password_refused"


class PasswordDisabled(ConfigError):
    """The password was refused earlier and nobody confirmed it since; nothing was sent."""

    default_code = "password_disabled"
