from . import completeness, point
