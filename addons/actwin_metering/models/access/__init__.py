from . import base, point_group, point, site, res_users
