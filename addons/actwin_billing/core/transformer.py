"""Loss of a transformer from its nameplate.

Source: Resmî Gazete 1.6.2011/27951, annex 2 (rev. 28.5.2013); the no-load form is what suppliers
print (regulation notes 1.9).
"""

from decimal import localcontext

from .errors import PricingError
from .money import ZERO
from .periods import days

MODES = ("none", "no_load", "full", "fixed_percent")


def loss_kwh(transformer, energy_kwh, start, end):
    """kWh to add to the metered active energy of [start, end).

    full: [Pb + Pcu × (E / (T × Pn × cosφ))²] × T with T in hours, Pn in kVA.
    """
    mode = transformer.mode
    if mode == "none":
        return ZERO
    if mode == "fixed_percent":
        return energy_kwh * transformer.percent / 100
    hours = transformer.hours if transformer.hours is not None else days(start, end) * 24
    if mode == "no_load" or not hours:
        return transformer.no_load_kw * hours
    rated = hours * transformer.rated_kva * transformer.cos_phi
    if not rated:
        raise PricingError("the full transformer loss needs rated_kva and cos_phi above zero")
    with localcontext() as context:
        context.prec = 40
        load = energy_kwh / rated
        return (transformer.no_load_kw + transformer.load_kw * load * load) * hours
