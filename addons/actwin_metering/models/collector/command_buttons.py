from odoo import models


class ActwinDevice(models.Model):
    """What can be asked of a device from its form."""

    _inherit = "actwin.device"

    def action_read_now(self):
        """Read the device as soon as its line is free; the values are stored as readings too."""
        return self._ask("read_now")

    def action_trace(self):
        """Read the device and show every byte sent and received."""
        return self._ask("trace")

    def action_set_clock(self):
        """Set the meter's clock to the collector's time."""
        return self._ask("set_clock")

    def action_check(self):
        """Let the collector say what is wrong with the device."""
        return self._ask("check")

    def action_ask_profile(self):
        """Choose the time for which the load profile is read."""
        return self.env["actwin.command.ask"]._open("read_profile", default_device_id=self.id)

    def action_apply_template(self):
        """Choose the type this device is of."""
        return self.env["actwin.template.apply"]._open(default_device_id=self.id)

    def _ask(self, kind, args=None):
        return self.env["actwin.collector.command"]._request(kind, self, args)._open()


class ActwinLine(models.Model):
    """What can be asked of a line from its form."""

    _inherit = "actwin.line"

    def action_ask_scan(self):
        """Choose what to search the line for."""
        return self.env["actwin.command.ask"]._open("scan", default_line_id=self.id)

    def action_check(self):
        """Let the collector say what is wrong with the line."""
        return self.env["actwin.collector.command"]._request("check", self)._open()


class ActwinCollector(models.Model):
    """What can be asked of a collector from its form."""

    _inherit = "actwin.collector"

    def action_logs(self):
        """The last lines of the collector's log."""
        return self._ask("logs", {"lines": 500})

    def action_queue(self):
        """What waits to be delivered, and what was refused."""
        return self._ask("queue")

    def action_requeue(self):
        """Deliver once more what was refused."""
        return self._ask("queue", {"requeue": True})

    def action_check(self):
        """Let the collector say what is wrong with its configuration and its lines."""
        return self._ask("check")

    def _ask(self, kind, args=None):
        return self.env["actwin.collector.command"]._request(kind, self, args)._open()
