from . import actwin_occupancy, actwin_point, ir_http
