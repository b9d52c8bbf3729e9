import json
import logging

import requests

from odoo import models

from odoo.addons.mail.tools.jwt import InvalidVapidError
from odoo.addons.mail.tools.web_push import DeviceUnreachableError, push_to_end_point

_logger = logging.getLogger(__name__)
_ICON = "/actwin_metering/static/description/icon.png"


class ActwinMessage(models.Model):
    """To browsers, by Odoo's own web push; each device the person registered gets it."""

    _inherit = "actwin.message"

    def _send_push(self):
        thread = self.env["mail.thread"]
        with requests.Session() as session:
            for message in self:
                devices, private, public = thread._web_push_get_partners_parameters(
                    message.partner_id.ids
                )
                payload = json.dumps(thread._web_push_truncate_payload(message._push_payload()))
                answers = [
                    message._push_to(device, payload, private, public, session)
                    for device in devices
                ]
                message._push_result(answers)

    def _push_payload(self):
        return {
            "title": self.title,
            "options": {
                "body": self.body,
                "icon": _ICON,
                # the same message again takes the place of the first on the screen
                "tag": f"actwin-message-{self.id}",
                "requireInteraction": self.severity == "critical",
                "data": {
                    "model": self.res_model or "actwin.message",
                    "res_id": self.res_id or self.id,
                },
            },
        }

    def _push_to(self, device, payload, private, public, session):
        """HTTP status of the push service, 410 for a device that is gone, 0 for no answer."""
        seen = []

        def remember(response, *_args, **_kwargs):
            seen.append(response.status_code)

        session.hooks["response"] = [remember]
        try:
            push_to_end_point(
                base_url=self.get_base_url(),
                device={"id": device.id, "endpoint": device.endpoint, "keys": device.keys},
                payload=payload,
                vapid_private_key=private,
                vapid_public_key=public,
                session=session,
            )
        except DeviceUnreachableError:
            device.unlink()
            return 410
        except (requests.RequestException, InvalidVapidError, ValueError) as error:
            _logger.info("push of message %s: %s", self.id, error)
            return 0
        return seen[-1] if seen else 0

    def _push_result(self, answers):
        """One browser that has it is enough."""
        self.ensure_one()
        if any(200 <= status < 300 for status in answers):
            self.write(
                {
                    "state": "sent",
                    "reference": self._push_payload()["options"]["tag"],
                    "address": self.env._("%s browsers", len(answers)),
                    "error": False,
                }
            )
        elif all(status == 410 for status in answers):
            self._give_up(self.env._("No browser of %s takes notices.", self.partner_id.name))
        else:
            worst = max(answers)
            self._try_again(
                self.env._("The browser's push service answered with error %s.", worst)
                if worst
                else self.env._("The browser's push service did not answer.")
            )
