"""The gateways there are, by the name they are stored under."""

from .iletimerkezi import IletiMerkezi
from .mutlucell import Mutlucell
from .netgsm import Netgsm

GATEWAYS = {"netgsm": Netgsm, "iletimerkezi": IletiMerkezi, "mutlucell": Mutlucell}
