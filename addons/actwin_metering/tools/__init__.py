from . import decimals, fields, local, secrets, sql
