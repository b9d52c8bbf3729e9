# SPDX-License-Identifier: MIT
"""What several commands need: the file, the site, one device on its line."""

from __future__ import annotations

import argparse
import contextlib
import os

from ..config import Settings, default_path, load_settings
from ..model import ConfigError, DeviceSpec, LineSpec
from ..site import Site, combine, load_cache, parse_site, secrets_of
from ..uplink import make_uplink


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``."""
    parser.add_argument(
        "--config",
        default=default_path(),
        metavar="FILE",
        help="configuration file (default: %(default)s, or $ACTWIN_COLLECTOR_CONFIG)",
    )


def open_settings(args: argparse.Namespace) -> Settings:
    """Return the settings of ``--config``, and let drivers find the state folder.

    Drivers know nothing of the collector's file, yet some keep counters that must survive.
    """
    settings = load_settings(args.config)
    if settings.odoo is not None:
        with contextlib.suppress(ConfigError):  # whoever needs the key will tell
            args.masker.learn([settings.odoo.api_key()])
    os.environ.setdefault("ACTWIN_COLLECTOR_STATE", str(settings.collector.state_dir))
    return settings


def fetch_document(settings: Settings) -> dict:
    """Return the site's document from Odoo now; raises ConfigError, UplinkError."""
    if settings.odoo is None:
        raise ConfigError("there is no [odoo] section")
    uplink = make_uplink(settings.odoo)
    try:
        return uplink.get_config(settings.collector.code)
    finally:
        uplink.close()


def known_site(settings: Settings) -> Site:
    """Return the site as the daemon would start with it: file, else cache, else from Odoo."""
    if settings.collector.config_from == "file":
        return parse_site(combine({}, settings.local), str(settings.path))
    document = load_cache(settings.collector.cache_path)
    if document is None:
        document = fetch_document(settings)
    return parse_site(combine(document, settings.local), "the site's configuration", strict=False)


def find_device(args: argparse.Namespace) -> tuple[Settings, DeviceSpec, LineSpec]:
    """Return the settings, the device that ``args.device`` names, and its line."""
    settings = open_settings(args)
    site = known_site(settings)
    args.masker.learn(secrets_of(site))
    device = site.device(args.device)
    return settings, device, site.lines[device.line]
