# SPDX-License-Identifier: MIT
"""A simulated DLMS/COSEM meter: our own server side, on the codec of the driver."""
