"""Encryption at rest of device secrets (DLMS keys, meter passwords)."""

import contextlib
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from odoo.exceptions import UserError
from odoo.tools import config


def key_path():
    """Path of the key file: option ``actwin_key_file``, else ``actwin.key`` in the data folder."""
    return Path(config.get("actwin_key_file") or Path(config["data_dir"]) / "actwin.key")


def _load_key():
    path = key_path()
    if not path.exists():
        _create_key(path)
    return path.read_bytes().strip()


def _create_key(path):
    """Write a new key whole before it gets its name: another worker may be reading already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(Fernet.generate_key())
    try:
        with contextlib.suppress(FileExistsError):  # another worker was first
            os.link(draft, path)
    finally:
        draft.unlink()


def encrypt(text):
    """Token of ``text``; an empty text stays empty."""
    return Fernet(_load_key()).encrypt(text.encode()).decode() if text else ""


def decrypt(env, token):
    """Clear text of a token; UserError when the key file is not the one that encrypted it."""
    if not token:
        return ""
    try:
        return Fernet(_load_key()).decrypt(token.encode()).decode()
    except (InvalidToken, ValueError) as error:
        raise UserError(
            env._("A stored secret cannot be read: the key file does not fit. Enter it again.")
        ) from error
