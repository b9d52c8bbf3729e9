from odoo import api, models


class ActwinConfigMixin(models.AbstractModel):
    """Part of what a collector is told: any change raises the collector's ``config_version``."""

    _name = "actwin.config.mixin"
    _description = "Collector Configuration"

    def _config_collectors(self):
        """Collectors whose configuration holds these records."""
        return self.collector_id

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._config_collectors()._bump()
        return records

    def write(self, vals):
        before = self._config_collectors()
        result = super().write(vals)
        (before | self._config_collectors())._bump()
        return result

    def unlink(self):
        collectors = self._config_collectors()
        result = super().unlink()
        collectors.exists()._bump()
        return result
