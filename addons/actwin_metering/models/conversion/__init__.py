from . import conversion_parameter, channel
