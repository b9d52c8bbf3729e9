from . import facts, judge, pricing, readings, waiting
