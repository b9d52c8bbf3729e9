"""Builders shared by the metering tests."""

import itertools
import os
import tempfile
import zlib
from array import array
from base64 import b64encode
from contextlib import contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, new_test_user
from odoo.tools import config

_counter = itertools.count(1)


def epoch(text):
    """Epoch seconds of an ISO moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def make_batch(rows, collector="C1", **values):
    """Plain batch of rows (channel key, ISO moment or epoch, value[, status])."""
    columns = {"channel": [], "ts": [], "value": [], "status": []}
    for row in rows:
        key, ts, value, status = (*row, 0)[:4]
        columns["channel"].append(key)
        columns["ts"].append(epoch(ts) if isinstance(ts, str) and "-" in ts else ts)
        columns["value"].append(value)
        columns["status"].append(status)
    return {
        "batch_id": f"test-batch-{next(_counter)}",
        "collector": collector,
        "sent_at": "2026-01-01T00:00:00Z",
        "points": columns,
        "events": [],
        "comm": [],
        **values,
    }


def pack(batch):
    """(header, payload) of a plain batch."""
    points = batch["points"]
    keys = sorted(set(points["channel"]))
    data = (
        array("I", [keys.index(key) for key in points["channel"]]).tobytes()
        + array("q", points["ts"]).tobytes()
        + bytes(points["status"])
        + "\n".join(points["value"]).encode()
    )
    header = {key: value for key, value in batch.items() if key != "points"}
    header |= {"n": len(points["ts"]), "channels": keys}
    return header, b64encode(zlib.compress(data)).decode()


class MeteringCase(TransactionCase):
    """One site with a point, a channel and a collector; builders for more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = cls.create_site(code="TS1")
        cls.point = cls.create_point(code="P1")
        cls.channel = cls.create_channel()
        cls.collector = cls.env["actwin.collector"].create(
            {"name": "Test collector", "code": "C1", "site_id": cls.site.id}
        )
        cls.collector._ensure_user()
        cls.reading = cls.env["actwin.reading"].with_user(cls.collector.user_id)
        cls.rollup = cls.env["actwin.rollup"]

    @classmethod
    def create_site(cls, **values):
        return cls.env["actwin.site"].create({"name": "Test site", **values})

    @classmethod
    def create_point(cls, **values):
        return cls.env["actwin.point"].create(
            {"name": "Test point", "site_id": cls.site.id, **values}
        )

    @classmethod
    def create_channel(cls, **values):
        return cls.env["actwin.channel"].create(
            {"point_id": cls.point.id, "obis": "1.8.0", "digits": 5, **values}
        )

    @classmethod
    def create_meter(cls, **values):
        values.setdefault("serial", f"M{next(_counter)}")
        return cls.env["actwin.meter"].create({"site_id": cls.site.id, "digits": 5, **values})

    @classmethod
    def install(cls, date_from, date_to=False, opening=None, closing=None, channel=None, **values):
        channel = channel or cls.channel
        values.setdefault("meter_id", None)
        values["meter_id"] = values["meter_id"] or cls.create_meter().id
        installation = cls.env["actwin.meter.installation"].create(
            {
                "point_id": channel.point_id.id,
                "date_from": date_from,
                "date_to": date_to,
                **values,
            }
        )
        if opening is not None or closing is not None:
            cls.env["actwin.meter.installation.index"].create(
                {
                    "installation_id": installation.id,
                    "channel_id": channel.id,
                    "has_opening": opening is not None,
                    "opening_index": opening or 0,
                    "has_closing": closing is not None,
                    "closing_index": closing or 0,
                }
            )
        return installation

    @contextmanager
    def refused(self, word, error=UserError):
        """Expect an error whose text holds ``word``; what was written is undone."""
        with self.assertRaises(error) as caught:
            yield
        self.assertIn(word, str(caught.exception))

    def send(self, *rows, channel=None, **values):
        """Ingest rows (ISO moment, value[, status]) of a channel."""
        key = (channel or self.channel).key
        return self.reading.ingest(make_batch([(key, *row) for row in rows], **values))

    def roll(self):
        return self.rollup._process_dirty()

    def figures(self, bucket, columns="consumption", channel=None):
        """[(bucket as text, columns as text…)] of a rollup table: exact, no float in between."""
        names = ", ".join(f"{name}::text" for name in columns.split())
        self.env.cr.execute(
            f"SELECT {bucket}::text, {names} FROM actwin_consumption_{bucket}"
            f" WHERE channel_id = %s ORDER BY {bucket}",
            [(channel or self.channel).id],
        )
        return self.env.cr.fetchall()


class CollectorCase(MeteringCase):
    """A collector with a line and a device; secrets are kept with a key file of the test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.key_file = os.path.join(folder.name, "keys", "actwin.key")
        cls.startClassPatcher(patch.dict(config.options, {"actwin_key_file": cls.key_file}))
        cls.line = cls.env["actwin.line"].create(
            {"collector_id": cls.collector.id, "key": "tcp1", "host": "127.0.0.1", "port": 502}
        )
        cls.device = cls.create_device("D1", cls.channel, secret="00112233")
        cls.api = cls.env["actwin.collector"].with_user(cls.collector.user_id)

    @classmethod
    def create_device(cls, key, channel=None, **values):
        """A Modbus device on the line, with one register when a channel is given."""
        rows = [(0, 0, {"register": "energy", "channel_id": channel.id})] if channel else []
        return cls.env["actwin.device"].create(
            {
                "key": key,
                "name": "Analyser",
                "collector_id": cls.collector.id,
                "line_id": cls.line.id,
                "driver": "modbus",
                "address": "1",
                "settings": {"map": "em24", "unset": None},
                "schedule_id": cls.env.ref("actwin_metering.schedule_profile").id,
                "parameter_ids": rows,
                **values,
            }
        )

    @classmethod
    def staff(cls, role, login=None, **values):
        """A user with a role of the metering add-on."""
        groups = f"actwin_metering.group_{role}"
        return new_test_user(cls.env, login or f"{role}-{next(_counter)}", groups=groups, **values)
