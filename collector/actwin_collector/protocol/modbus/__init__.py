# SPDX-License-Identifier: MIT
"""Modbus TCP, RTU and RTU over TCP."""

from .driver import ModbusDriver

__all__ = ["ModbusDriver"]
