# SPDX-License-Identifier: MIT
"""The collector's own TOML file: who it is, where Odoo is, and optional local devices."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .fields import Field, Problems, parse_table
from .model import ConfigError

DEFAULT_PATH = "/etc/actwin-collector/config.toml"
PATH_VARIABLE = "ACTWIN_COLLECTOR_CONFIG"
TRANSPORTS = ("xmlrpc", "json2")

_COLLECTOR = {
    "code": Field(str),
    "state_dir": Field(str),
    "config_from": Field(str, "odoo", choices=("odoo", "file")),
    "outbox_quota_mb": Field(int, 2048, low=1, high=1_000_000),
    "batch_size": Field(int, 5000, low=1, high=50_000),
    "send_seconds": Field(float, 10.0, low=0.1, high=3600),
    "backoff_max_seconds": Field(float, 300.0, low=1, high=86400),
    "status_seconds": Field(float, 60.0, low=0.5, high=3600),
    "command_seconds": Field(float, 3.0, low=0.2, high=3600),
    "jitter_seconds": Field(float, 0.0, low=0, high=3600),
    "dialogue_seconds": Field(float, 180.0, low=1, high=3600),
    "idle_close_seconds": Field(float, 30.0, low=0, high=86400),
    "dead_after_failures": Field(int, 3, low=1, high=1000),
    "first_probe_seconds": Field(float, 300.0, low=0.1, high=86400),
    "max_probe_seconds": Field(float, 21600.0, low=0.1, high=7 * 86400),
    "drift_warn_seconds": Field(float, 60.0, low=1),
    "drift_fail_seconds": Field(float, 300.0, low=1),
    "raw_days": Field(int, 90, low=0, high=3660),
    "raw_mb": Field(int, 256, low=1, high=100_000),
    "clock_set_max_seconds": Field(float, 3600.0, low=1, high=86400),
    "metrics_port": Field(int, 0, low=0, high=65535),
    "trace_devices": Field(list, ()),
}
_ODOO = {
    "url": Field(str),
    "db": Field(str),
    "login": Field(str),
    "api_key_file": Field(str),
    "transport": Field(str, "xmlrpc", choices=TRANSPORTS),
    "timeout_seconds": Field(float, 60.0, low=1, high=3600),
    "ca_file": Field(str, ""),
}
_SECTIONS = ("collector", "odoo", "tz", "lines", "schedules", "devices", "overrides")


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """Section ``[collector]``; config.example.toml says what each key means."""

    code: str
    state_dir: Path
    config_from: str = "odoo"
    outbox_quota_mb: int = 2048
    batch_size: int = 5000
    send_seconds: float = 10.0
    backoff_max_seconds: float = 300.0
    status_seconds: float = 60.0
    command_seconds: float = 3.0
    jitter_seconds: float = 0.0
    dialogue_seconds: float = 180.0
    idle_close_seconds: float = 30.0
    dead_after_failures: int = 3
    first_probe_seconds: float = 300.0
    max_probe_seconds: float = 21600.0
    drift_warn_seconds: float = 60.0
    drift_fail_seconds: float = 300.0
    clock_set_max_seconds: float = 3600.0
    raw_days: int = 90
    raw_mb: int = 256
    metrics_port: int = 0
    trace_devices: tuple[str, ...] = ()

    @property
    def outbox_path(self) -> Path:
        """Where unsent readings lie."""
        return self.state_dir / "outbox.sqlite"

    @property
    def raw_path(self) -> Path:
        """Where meters' answers are kept as they came."""
        return self.state_dir / "raw.sqlite"

    @property
    def cache_path(self) -> Path:
        """Where the last good configuration from Odoo lies."""
        return self.state_dir / "config-cache.json"

    @property
    def trace_path(self) -> Path:
        """Folder of the trace files."""
        return self.state_dir / "trace"

    @property
    def maps_path(self) -> Path:
        """Folder of the user's own register maps."""
        return self.state_dir / "devices"

    @property
    def commands_path(self) -> Path:
        """Where it is noted which commands were begun, and what came of them."""
        return self.state_dir / "commands.json"

    @property
    def status_path(self) -> Path:
        """Where the running daemon writes its state."""
        return self.state_dir / "status.json"


@dataclass(frozen=True, slots=True)
class OdooSettings:
    """Section ``[odoo]``: one database and a user of the collector role."""

    url: str
    db: str
    login: str
    api_key_file: Path
    transport: str = "xmlrpc"
    timeout_seconds: float = 60.0
    ca_file: str = ""

    def api_key(self) -> str:
        """Return the key; read each time so that it can be changed while running."""
        try:
            key = self.api_key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"odoo.api_key_file: cannot be read: {error}") from error
        if not key:
            raise ConfigError(f"odoo.api_key_file: {self.api_key_file} is empty")
        return key


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole file; ``local`` holds lines, schedules, devices and overrides as written."""

    path: Path
    collector: CollectorSettings
    odoo: OdooSettings | None
    local: Mapping[str, object] = field(default_factory=dict)


def default_path() -> str:
    """Return the file used when a command is not told one."""
    return os.environ.get(PATH_VARIABLE, DEFAULT_PATH)


def load_settings(path: str | Path) -> Settings:
    """Return the checked file; raises ConfigError that lists every mistake with its key path.

    Relative paths in the file are relative to the folder of the file.
    """
    path = Path(path)
    table = _read(path)
    problems = Problems()
    for key in sorted(set(table) - set(_SECTIONS)):
        problems.add(key, f"unknown section (known: {', '.join(_SECTIONS)})")
    collector = parse_table(table.get("collector", {}), _COLLECTOR, "collector", problems)
    collector["state_dir"] = path.parent / collector["state_dir"]
    collector["trace_devices"] = tuple(map(str, collector["trace_devices"]))
    odoo = _odoo(table, path, collector["config_from"], problems)
    _check_pairs(collector, problems)
    problems.finish(str(path))
    local = {key: table[key] for key in _SECTIONS[2:] if key in table}
    return Settings(path, CollectorSettings(**collector), odoo, local)


def _read(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _odoo(table: Mapping, path: Path, config_from: str, problems: Problems) -> OdooSettings | None:
    if "odoo" not in table:
        if config_from == "odoo":
            problems.add("odoo", 'is required, because collector.config_from is "odoo"')
        return None
    values = parse_table(table["odoo"], _ODOO, "odoo", problems)
    if values["url"] and not values["url"].startswith(("http://", "https://")):
        problems.add("odoo.url", "must begin with http:// or https://")
    values["url"] = values["url"].rstrip("/")
    values["api_key_file"] = path.parent / values["api_key_file"]
    return OdooSettings(**values)


def _check_pairs(collector: Mapping, problems: Problems) -> None:
    for low, high in (
        ("first_probe_seconds", "max_probe_seconds"),
        ("drift_warn_seconds", "drift_fail_seconds"),
    ):
        if collector[low] > collector[high]:
            problems.add(f"collector.{low}", f"is above {high}")
