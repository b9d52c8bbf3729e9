from . import (
    actwin_loss_node_energy,
    actwin_loss_node,
    actwin_loss_node_compute,
    actwin_loss_balance,
)
