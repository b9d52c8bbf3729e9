from collections import defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.tools import SQL

from ...const import SEVERITIES
from ...core.notify.quiet import quiet_until
from ...core.notify.throttle import plan

_RANKS = {code: rank for rank, (code, _name) in enumerate(SEVERITIES)}
_NAMES = {rank: code for code, rank in _RANKS.items()}


class ActwinMessage(models.Model):
    """Which of the waiting messages go out now: quiet hours first, then how many at once.

    Works on groups of rows, so that a storm costs no more than its recipients.
    """

    _inherit = "actwin.message"

    @api.model
    def _now(self):
        """The moment in UTC, to the second as it is stored."""
        return fields.Datetime.now()

    @api.model
    def _gate(self):
        """Let through what may go; returns the rows to send, marked as being sent."""
        self.env.flush_all()
        now = self._now()
        self._hold_for_quiet_hours(now)
        passed = []
        groups = self._waiting_groups(now)
        sent = self._sent_moments(groups, now)
        for (partner, channel, route), count in groups.items():
            moments = sent[partner, channel]
            passed += self._let_through(partner, channel, route, count, moments, now)
        self.env.invalidate_all()
        return self.browse(passed)

    @api.model
    def _due(self, now):
        return SQL("state IN ('queued', 'held', 'throttled') AND due <= %s", now)

    @api.model
    def _hold_for_quiet_hours(self, now):
        query = SQL(
            """
SELECT route_id, coalesce(user_id, 0), coalesce(site_id, 0), severity_rank FROM actwin_message
 WHERE %s AND channel <> 'app' AND route_id IS NOT NULL GROUP BY 1, 2, 3, 4
            """,
            self._due(now),
        )
        for route_id, user_id, site_id, rank in self.env.execute_query(query):
            route = self.env["actwin.message.route"].browse(route_id)
            if route.quiet_severity and rank >= _RANKS[route.quiet_severity]:
                continue
            user = self.env["res.users"].browse(user_id or [])
            site = self.env["actwin.site"].browse(site_id or [])
            until = self._quiet_end(route, user, site, now)
            if until:
                self.env.cr.execute(
                    SQL(
                        """
UPDATE actwin_message SET state = 'held', due = %s
 WHERE %s AND channel <> 'app' AND route_id = %s AND coalesce(user_id, 0) = %s
   AND coalesce(site_id, 0) = %s AND severity_rank = %s
                        """,
                        until,
                        self._due(now),
                        route_id,
                        user_id,
                        site_id,
                        rank,
                    )
                )
                self._wake(at=until)

    @api.model
    def _quiet_end(self, route, user, site, now):
        """The later end of the route's quiet hours, by the site's clock, and the person's own."""
        zone = ZoneInfo(site.tz or "Europe/Istanbul")
        own = ZoneInfo(user.tz) if user.tz else zone
        ends = (
            quiet_until(now, zone, route.quiet_from, route.quiet_to),
            quiet_until(now, own, user.actwin_quiet_from, user.actwin_quiet_to),
        )
        return max(filter(None, ends), default=None)

    @api.model
    def _waiting_groups(self, now):
        """{(partner, channel, route or None): number of rows}, the gravest first."""
        query = SQL(
            """
SELECT partner_id, channel, route_id, count(*) FROM actwin_message
 WHERE %s GROUP BY 1, 2, 3 ORDER BY max(severity_rank) DESC, min(id)
            """,
            self._due(now),
        )
        return {tuple(row[:3]): row[3] for row in self.env.execute_query(query)}

    @api.model
    def _sent_moments(self, groups, now):
        """{(partner, channel): moments of what went out within the longest window}."""
        moments = defaultdict(list)
        if groups:
            query = SQL(
                """
SELECT partner_id, channel, sent_date FROM actwin_message
 WHERE partner_id = ANY(%s) AND sent_date > %s
                """,
                list({partner for partner, _channel, _route in groups}),
                now - timedelta(days=1),
            )
            for partner, channel, moment in self.env.execute_query(query):
                moments[partner, channel].append(moment)
        return moments

    @api.model
    def _let_through(self, partner, channel, route_id, count, moments, now):
        """Ids of the rows of a group that go out now; the others are bundled or wait."""
        route = self.env["actwin.message.route"].browse(route_id or [])
        window = timedelta(minutes=route.limit_minutes or 1)
        found = plan(count, moments, route.limit_count, window, now)
        group = SQL(
            "partner_id = %s AND channel = %s AND route_id IS NOT DISTINCT FROM %s AND %s",
            partner,
            channel,
            route_id,
            self._due(now),
        )
        passed = self._take(group, found.single, now) if found.single else []
        if found.bundle:
            passed += self._bundle(group, now).ids
        elif found.wait_until:
            self.env.cr.execute(
                SQL(
                    "UPDATE actwin_message SET state = 'throttled', due = %s WHERE %s",
                    found.wait_until,
                    group,
                )
            )
            self._wake(at=found.wait_until)
        moments += [now] * len(passed)
        return passed

    @api.model
    def _take(self, group, count, now):
        """Mark the gravest and oldest rows of a group as being sent."""
        query = SQL(
            """
UPDATE actwin_message SET state = 'sending', sent_date = %s, write_date = %s, reference = NULL
 WHERE id IN (SELECT id FROM actwin_message WHERE %s ORDER BY severity_rank DESC, id LIMIT %s)
RETURNING id
            """,
            now,
            now,
            group,
            count,
        )
        return [row[0] for row in self.env.execute_query(query)]

    @api.model
    def _bundle(self, group, now):
        """One message that tells how many there are in the place of all rows of a group."""
        self.env.cr.execute(
            SQL(
                """
SELECT (array_agg(id ORDER BY severity_rank DESC, id))[1], sum(greatest(bundled_count, 1)),
       count(DISTINCT site_id) FROM actwin_message WHERE %s
                """,
                group,
            )
        )
        gravest_id, count, sites = self.env.cr.fetchone()
        gravest = self.browse(gravest_id)
        bundle = self.create(
            {
                "kind_id": self.env["actwin.message.kind"]._by_code("summary").id,
                "route_id": gravest.route_id.id,
                "site_id": gravest.site_id.id if sites == 1 else False,
                "company_id": gravest.company_id.id,
                "severity": gravest.severity,
                "severity_rank": gravest.severity_rank,
                "partner_id": gravest.partner_id.id,
                "user_id": gravest.user_id.id,
                "channel": gravest.channel,
                "state": "sending",
                "due": now,
                "sent_date": now,
                "bundled_count": count,
            }
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE actwin_message SET state = 'bundled', bundle_id = %s WHERE %s",
                bundle.id,
                group,
            )
        )
        return bundle
