"""What of a metering point a tariff reads: registers, bands and load profiles."""

from ...core.model import DEMAND
from ...core.reactive import REGISTERS as REACTIVE
from ..tariff.kinds import MARKET, METERED, NETTING

ACTIVE, EXPORT = "active_import", "active_export"


class Needs:
    """``registers`` are {register: its bands that are read}; ``hourly`` those whose profile the
    prices themselves go by, whatever registers the meter has.
    """

    def __init__(self, components):
        self.registers, self.hourly, self.figures = {}, set(), set()
        for component in components:
            self._add(component)

    def _add(self, component):
        kind = component.kind
        if kind in METERED:
            self.reads(component.register, component.band)
            if kind == MARKET and component.market_by == "hour":
                self.hourly.add(component.register)
        elif kind in NETTING:
            self.reads(ACTIVE)
            self.reads(EXPORT)
            if component.netting_by == "interval":
                self.hourly |= {ACTIVE, EXPORT}
        elif kind in REACTIVE:
            self.reads(component.register)
            self.reads(REACTIVE[kind])
        elif kind == "excess_demand":
            self.reads(DEMAND)
        elif kind == "formula":
            names = component._formula_reads()
            self.figures |= names
            for register, bands in component._formula_registers(names).items():
                self.registers.setdefault(register, set()).update(bands)

    def reads(self, register, band=None):
        self.registers.setdefault(register, set())
        if band:
            self.registers[register].add(band)

    def derived(self, channels):
        """Registers whose bands the meter does not count: the profile has to give them."""
        return [
            register for register, bands in self.registers.items()
            if bands and register in channels
            and any(f"{register}.{band}" not in channels for band in bands)
        ]

    def profiles(self, channels, by_profile=False):
        """Registers whose load profile is needed, of a point with these channels."""
        wanted = {*self.derived(channels), *self.hourly}
        if by_profile:
            wanted |= set(self.registers) - {DEMAND}
        if self.demand_from_profile(channels):
            wanted.add(ACTIVE)
        return [register for register in wanted if register in channels]

    def demand_from_profile(self, channels):
        return DEMAND in self.registers and DEMAND not in channels
