# SPDX-License-Identifier: MIT
"""One module a protocol, each with a ``PROTOCOL`` (see ``simulate/registry.py``)."""
