from . import base, partner, point_group, point, site, res_users, role
