from . import actwin_occupancy, actwin_point, actwin_private, ir_http
