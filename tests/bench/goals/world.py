"""Fill the bench's database: a zone, its readings, its tariff and its subscribers."""

import contextlib

import psycopg2
import zone

from odoo import Command
from odoo.sql_db import connection_info_for

_ADDRESS = {"street": "Örnek Cad. 1", "city": "Çankaya", "zip": "06000", "vat": "2222222208"}


def main(env):
    env["ir.cron"].search([]).active = False
    site = env["actwin.site"].create({"name": "Bench zone", "code": zone.SITE})
    collector = env["actwin.collector"].create(
        {"name": "Bench", "code": zone.COLLECTOR, "site_id": site.id}
    )
    collector._ensure_user()
    _seller(env)
    points = _points(env, site, zone.POINTS, zone.REGISTERS)
    _subscriptions(env, points[: zone.TENANTS], _tariff(env, zone.REGISTERS, "BENCH4"))
    _fill(env, zone.channels(env, tenants_only=True), zone.MONTH)
    _fill(env, zone.channels(env), zone.DAY)
    _later_site(env)
    while env["actwin.rollup"]._process_dirty(limit=2_000):
        env.cr.commit()
    _vacuum(env.cr.dbname)


def _vacuum(database):
    """What autovacuum would have done by the time a month is closed."""
    _name, options = connection_info_for(database)
    connection = psycopg2.connect(**options)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _address(env):
    office = env["l10n_tr_nilvera_einvoice_extended.tax.office"].search([], limit=1)
    return _ADDRESS | {
        "state_id": env.ref("base.state_tr_06").id,
        "country_id": env.ref("base.tr").id,
        "l10n_tr_tax_office_id": office.id,
    }


def _seller(env):
    parent = env.ref("l10n_tr_nilvera_einvoice.res_partner_category_mersisno")
    register = env["res.partner.category"].create(
        {"name": "0111111110400001", "parent_id": parent.id}
    )
    env.company.partner_id.write(
        _address(env) | {"vat": "1111111104", "category_id": [Command.link(register.id)]}
    )


def _points(env, site, number, registers):
    points = env["actwin.point"].create(
        [
            {"name": f"Workshop {n}", "code": f"P{n:04d}", "site_id": site.id}
            for n in range(number)
        ]
    )
    meters = env["actwin.meter"].create(
        [{"serial": f"{site.code}-{n:05d}", "site_id": site.id, "digits": 8} for n in range(number)]
    )
    env["actwin.meter.installation"].create(
        [
            {
                "meter_id": meter.id,
                "point_id": point.id,
                "date_from": "2020-01-01",
                "ct_primary": 100,
                "ct_secondary": 5,
            }
            for meter, point in zip(meters, points, strict=True)
        ]
    )
    env["actwin.channel"].create(
        [
            {
                "point_id": point.id,
                "obis": obis,
                "quantity": quantity,
                "band": band,
                "digits": 8,
                "unit": "kvarh" if quantity.startswith("reactive") else "kWh",
            }
            for point in points
            for obis, quantity, band in registers
        ]
    )
    env.cr.commit()
    return points


def _tariff(env, registers, code):
    chart = env["account.chart.template"].with_company(env.company)
    energy = [
        {"kind": "energy", "name": f"Active energy {band}", "band": band, "price": 2.75}
        for _obis, quantity, band in registers
        if quantity == "active_import"
    ]
    others = [{"kind": "distribution", "name": "Distribution", "price": 1.87741}]
    if any(quantity == "reactive_inductive" for _obis, quantity, _band in registers):
        others.append(
            {
                "kind": "reactive_inductive",
                "name": "Inductive reactive",
                "price": 2.645474,
                "ratio_below": 0.33,
                "ratio_above": 0.2,
            }
        )
    version = {
        "valid_from": "2024-01-01",
        "component_ids": [Command.create(vals) for vals in energy + others],
    }
    return env["actwin.tariff"].create(
        {
            "name": code,
            "code": code,
            "levy_tax_id": chart.ref("actwin_tr_s_btv_5").id,
            "vat_tax_id": chart.ref("tr_s_20").id,
            "version_ids": [Command.create(version)],
        }
    )


def _subscriptions(env, points, tariff):
    address = _address(env) | {"is_company": True, "actwin_tr_registration": "einvoice"}
    partners = env["res.partner"].create(
        [address | {"name": f"Tenant {point.code} {point.id}"} for point in points]
    )
    subscribers = env["actwin.subscriber"].create(
        [{"partner_id": partner.id, "site_id": points.site_id.id} for partner in partners]
    )
    env["actwin.subscription"].create(
        [
            {
                "point_id": point.id,
                "subscriber_id": subscriber.id,
                "tariff_id": tariff.id,
                "date_from": "2024-01-01",
                "connection_kva": 100,
            }
            for point, subscriber in zip(points, subscribers, strict=True)
        ]
    )
    env.cr.commit()


def _fill(env, channels, span):
    """Readings in order of time, as live polling leaves them on the disk."""
    env["actwin.reading.store"]._ensure_epochs(zone.slots(*span))
    env.cr.execute(
        """
        INSERT INTO actwin_reading (ts, value, channel_id)
        SELECT ts, 1000 + c.id + extract(epoch FROM ts - %(start)s) / 900 * 2.625, c.id
          FROM generate_series(%(start)s, %(end)s, interval '15 minutes') AS ts, actwin_channel c
         WHERE c.id = ANY(%(channels)s) ORDER BY ts, c.id
        """,
        {"channels": channels.ids, "start": span[0], "end": span[1]},
    )
    _read(env, channels, span)


def _read(env, channels, span):
    """What the ingest does besides storing: last readings, and days to roll up."""
    env["actwin.reading.store"]._refresh_last(channels.ids)
    env["actwin.rollup"]._mark(channels.ids, zone.before(span[0]), span[1])
    env.cr.commit()


def _later_site(env):
    """Many subscriptions with readings at the ends of the month only, for the long run."""
    registers = (("1.8.0", "active_import", False),)
    site = env["actwin.site"].create({"name": "Bench zone 2", "code": zone.LATER_SITE})
    points = _points(env, site, zone.LONG_RUN, registers)
    _subscriptions(env, points, _tariff(env, registers, "BENCH1"))
    env.cr.execute(
        """
        INSERT INTO actwin_reading (ts, value, channel_id)
        SELECT ts, 1000 + id + CASE ts WHEN %(end)s THEN 321.5 ELSE 0 END, id
          FROM actwin_channel, unnest(ARRAY[%(start)s, %(end)s]) AS ts
         WHERE site_id = %(site)s
        """,
        {"start": zone.MONTH[0], "end": zone.MONTH[1], "site": site.id},
    )
    _read(env, points.channel_ids, zone.MONTH)
