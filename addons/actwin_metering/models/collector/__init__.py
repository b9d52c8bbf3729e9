from . import config_mixin, schedule, collector, collector_api, line, device, device_parameter
