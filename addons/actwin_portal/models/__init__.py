from . import actwin_occupancy, actwin_point, actwin_subscriber, ir_http
