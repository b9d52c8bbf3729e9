"""Lets pytest walk into add-ons whose plain-Python cores are tested without Odoo."""

import pytest


def pytest_collect_directory(path, parent):
    """Take an add-on as a mere folder: imported as a package it would load Odoo's models."""
    if (path / "__manifest__.py").exists():
        return pytest.Dir.from_parent(parent, path=path)
    return None
