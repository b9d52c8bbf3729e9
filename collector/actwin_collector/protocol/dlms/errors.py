# SPDX-License-Identifier: MIT
"""What a meter's refusals mean as CollectorErrors (Green Book 9.5: data-access-result, …)."""

from __future__ import annotations

from ...model import CollectorError, ProtocolError
from .axdr import Reader

ACCESS_RESULTS = {
    1: ("hardware_fault", "hardware fault"),
    2: ("temporary_failure", "temporary failure"),
    3: ("access_denied", "read-write denied"),
    4: ("missing_register", "object undefined"),
    9: ("missing_register", "object class inconsistent"),
    11: ("missing_register", "object unavailable"),
    12: ("missing_register", "type unmatched"),
    13: ("access_denied", "scope of access violated"),
    14: ("missing_register", "data block unavailable"),
    250: ("meter_refused", "other reason"),
}
_SERVICES = {
    1: ("meter_refused", "operation not possible"),
    2: ("meter_refused", "service not supported"),
    3: ("meter_refused", "other reason"),
    4: ("meter_refused", "PDU too long"),
    5: ("bad_authentication", "the meter cannot decipher: another key"),
    6: ("stale_counter", "the meter refuses the invocation counter"),
}
_DIAGNOSTICS = {
    1: ("meter_refused", "no reason given"),
    2: ("access_denied", "application context not supported"),
    3: ("access_denied", "calling title not recognised"),
    11: ("access_denied", "authentication mechanism not recognised"),
    12: ("access_denied", "authentication mechanism required"),
    13: ("access_denied", "authentication failed: wrong password"),
    14: ("access_denied", "authentication required"),
}


def access_error(result: int, what: str) -> CollectorError:
    """Return the error of a data-access-result."""
    code, text = ACCESS_RESULTS.get(result, ("meter_refused", f"data access result {result}"))
    return ProtocolError(f"{what}: {text}", code)


def diagnostic_error(diagnostic: int, ciphered: bool) -> CollectorError:
    """Return the error of a refused association."""
    code, text = _DIAGNOSTICS.get(diagnostic, ("meter_refused", f"diagnostic {diagnostic}"))
    if ciphered and diagnostic == 13:
        code, text = "bad_authentication", "authentication failed: another key"
    return ProtocolError(f"the meter refused the association: {text}", code)


def exception_error(apdu: bytes) -> CollectorError:
    """Return the error of an exception response; of a wrong one too."""
    reader = Reader(apdu, 1)
    try:
        state, service = reader.byte(), reader.byte()
    except CollectorError as error:
        return error
    code, text = _SERVICES.get(service, ("meter_refused", f"service error {service}"))
    if service == 6 and reader.rest >= 4:
        text += f" (its last one was {reader.number(4)})"
    return ProtocolError(f"{text} (state {state})", code)


def service_error(apdu: bytes) -> CollectorError:
    """Return the error of a confirmed service error."""
    return ProtocolError(f"confirmed service error {apdu[1:].hex().upper()}", "meter_refused")
