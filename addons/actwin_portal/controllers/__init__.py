from . import portal, shared_costs
