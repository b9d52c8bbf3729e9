from odoo import models

from ...core.answer import bill_to
from ...core.engine import price
from ...core.errors import MissingQuantity, PricingError, TariffGap
from ...core.periods import merge
from ...core.schema import case_from
from ..tariff.kinds import METERED

CODES = {TariffGap: "K16", MissingQuantity: "V12"}


class ActwinBillFacts(models.AbstractModel):
    """Facts → core: the one way in which a price is asked for, in bills and in previews."""

    _inherit = "actwin.bill.facts"

    def _price(self, facts):
        """JSON object of the priced bill, or None with a finding added to ``facts``."""
        try:
            case = case_from(facts["case"])
            answer = bill_to(price(case), case.currency)
            facts |= {"whole": merge(case.segments), "main": self._main_register(case)}
        except PricingError as error:
            code = CODES.get(type(error), "E01")
            known = {problem[0] for problem in facts["problems"]}
            if code == "E01" or code not in known:  # the finding at its source says more
                facts["problems"].append((code, str(error), error.data))
            return None
        return answer

    def _main_register(self, case):
        """(register, unit) of the first energy line: the consumption a person asks for."""
        for version in case.versions:
            for component in version.components:
                if component.kind in METERED:
                    return component.quantity, component.unit
        return "", ""
