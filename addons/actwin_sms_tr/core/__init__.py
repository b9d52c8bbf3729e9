"""Turkish SMS gateways: what is sent to them and what they answer; nothing of Odoo."""

from . import values, numbers, client, gateway, netgsm, iletimerkezi, mutlucell, kinds
