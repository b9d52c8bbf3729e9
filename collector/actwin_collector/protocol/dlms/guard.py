# SPDX-License-Identifier: GPL-2.0-only
"""Makes gurux-dlms safe to use, and proves it before the driver works.

As shipped, version 1.0.203 never compares the tag of a received message and prints what it does,
private keys included. Here its cipher stream is replaced by one that verifies, and its prints are
silenced; ``require_verification`` tampers with messages of every suite and stops the driver when
the library, or our own code that opens what is received, takes one.
"""

from __future__ import annotations

import sys
from importlib.metadata import version

import gurux_dlms
from gurux_dlms.AesGcmParameter import AesGcmParameter
from gurux_dlms.enums import Security
from gurux_dlms.GXByteBuffer import GXByteBuffer
from gurux_dlms.objects.enums import SecuritySuite
from gurux_dlms.secure import GXDLMSSecureClient

from ...model import CollectorError, ConfigError
from .gcm import GcmStream
from .protection import SUITES
from .selftest import KEYS, PLAIN, TITLE, message, require_refusals

TESTED_VERSION = "1.0.203"
_MODULE = "gurux_dlms.GXDLMSChippering"


def install() -> None:
    """Replace the cipher stream and silence the library."""
    # By sys.modules: the package's attribute of this name is a class.
    sys.modules[_MODULE].GXDLMSChipperingStream = GcmStream
    _silence()


def _silence() -> None:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == gurux_dlms.__name__ and module is not None:
            module.print = _silent


def require_verification() -> None:
    """Raise ConfigError ``unsafe_library`` unless a tampered message is refused.

    Runs before every association: anything in the process may have put the old class back.
    """
    if sys.modules[_MODULE].GXDLMSChipperingStream is not GcmStream:
        raise ConfigError("the verifying cipher of the DLMS library was replaced", "unsafe_library")
    # Again: the library loads some of its modules only when it needs them.
    _silence()
    _self_test()


def _self_test() -> None:
    if version("gurux-dlms") != TESTED_VERSION:
        raise ConfigError(f"gurux-dlms must be {TESTED_VERSION}", "unsafe_library")
    require_refusals()
    for suite in SUITES:
        sound = message(suite)
        if _opens(sound, suite) != PLAIN:
            raise ConfigError("the DLMS library cannot open a sound message", "unsafe_library")
        # One bit in the content, one in the tag, one in the counter.
        for at in (-len(PLAIN) - 12, -1, 6):
            forged = bytearray(sound)
            forged[at] ^= 1
            if _opens(bytes(forged), suite) is not None:
                raise ConfigError("the DLMS library takes a forged message", "unsafe_library")


def _opens(sealed: bytes, suite: int = 0) -> bytes | None:
    client = GXDLMSSecureClient(True)
    client.ciphering.securitySuite = SecuritySuite(suite)
    parameter = AesGcmParameter(
        0, bytearray(TITLE), bytearray(KEYS.encryption), bytearray(KEYS.authentication)
    )
    parameter.security = Security.AUTHENTICATION_ENCRYPTION
    chippering = sys.modules[_MODULE].GXDLMSChippering
    try:
        return bytes(chippering.decryptAesGcm(client.settings, parameter, GXByteBuffer(sealed)))
    except CollectorError:
        return None


def _silent(*_args: object, **_more: object) -> None:
    """In place of print."""


install()
