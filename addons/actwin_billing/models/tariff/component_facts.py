from odoo import models
from odoo.tools import formatLang

from ...core.money import text
from .kinds import BASED, BASES, DERIVED, MARKET, METERED, NETTING, REACTIVE, SHARES


class ActwinTariffComponent(models.Model):
    """A component as the calculation core takes it, and its price as a person reads it."""

    _inherit = "actwin.tariff.component"

    def _facts(self, piece, prices):
        """JSON objects of the components of a piece; one taken of nothing is left out."""
        rows = [component._one(piece, prices) for component in self]
        return [row for row in rows if row["kind"] not in BASED or row["of"]]

    def _one(self, piece, prices):
        day = piece.day
        facts = {
            "key": self.key,
            "kind": self.kind,
            "label": self.name,
            "price": text(prices.number(self, "price", day).normalize()),
            "unit": self.unit or "",
            "quantity": self.register,
            "band": self.band or "" if self.kind in METERED else "",
            "taxes": self._tax_keys(),
            "proration": self.proration,
            **self._extra(piece, prices),
        }
        less = prices.number(self, "levy_less", day, "levy_less_parameter_id", "levy_less_factor")
        if less and "levy" in facts["taxes"]:
            facts["less"] = {"levy": text(less.normalize())}
        return facts

    def _extra(self, piece, prices):
        """What only some kinds use."""
        numbers = prices.numbers(self)
        if self.kind in REACTIVE:
            return self._reactive(numbers)
        if self.kind == MARKET:
            return {"market": {
                "ptf": text(numbers["ptf_factor"]), "yekdem": text(numbers["yekdem_factor"]),
                "by": self.market_by,
            }}
        if self.kind in NETTING:
            return {"netting": self.netting_by}
        if self.kind in BASED:
            return {"of": self._of(piece.components)}
        if self.kind == "formula":
            return {"formula": self.formula or ""}
        return self._tiers(prices, piece.day) if self.tiered and self.kind in METERED else {}

    def _reactive(self, numbers):
        facts = {
            "limits": [
                {"below_kva": text(numbers["threshold_kva"]),
                 "ratio": text(numbers["ratio_below"])},
                {"ratio": text(numbers["ratio_above"])},
            ],
            "missing_rule": self.missing_rule,
        }
        if numbers["exempt_up_to_kva"]:
            facts["exempt_up_to_kva"] = text(numbers["exempt_up_to_kva"])
        return facts

    def _tiers(self, prices, day):
        rows = []
        for number, tier in enumerate(self.tier_ids.sorted(lambda item: item.sequence), 1):
            limit = prices.limit(tier)
            rows.append({
                "key": f"tier{number}",
                "price": text(prices.tier_number(tier, day).normalize()),
                "up_to": text(limit) if limit else None,
                "label": f"{self.name} – {tier.name}" if tier.name else self.name,
            })
        return {"tiers": rows, "tier_period": self.tier_period,
                "tier_per_unit": self.tier_per_unit}

    def _of(self, components):
        """Keys of the components among ``components`` that this one is taken of."""
        if self.base == "chosen":
            known = set(components.mapped("key"))
            return [key for key in self._chosen_keys() if key in known]
        if self.base == "all":
            left_out = ("minimum",) if self.kind == "minimum" else DERIVED
            rows = components.filtered(lambda item: item.kind not in left_out)
        else:
            rows = components.filtered(lambda item: item.kind in BASES[self.base])
        return (rows - self).mapped("key")

    def _tax_keys(self):
        """Keys of the tariff's taxes on this component."""
        tariff = self.version_id.tariff_id
        return [
            key
            for key, wanted in (
                ("levy", self.levy and tariff.levy_tax_id),
                ("vat", self.vat and tariff.vat_tax_id),
            )
            if wanted
        ]

    def _priced_as(self):
        """The price in one short text for lists."""
        currency = self.currency_id.name or ""
        if self.kind == MARKET:
            return self._market_text(currency)
        if self.tiered and self.kind in METERED:
            prices = [self._shown(tier.price) if not tier.parameter_id else tier.parameter_id.code
                      for tier in self.tier_ids]
            return f"{' / '.join(prices)} {currency}/{self.unit or ''}"
        if self.parameter_id:
            factor = "" if self.factor == 1 else f"{self._shown(self.factor)} × "
            return f"{factor}{self.parameter_id.code}"
        if self.kind in SHARES:
            return f"% {self._shown(self.price * 100)}"
        if self.kind == "formula":
            times = "" if self.price == 1 else f"{self._shown(self.price)} × "
            return f"{times}({self.formula or ''})"
        unit = f"/{self.unit}" if self.unit else ""
        return f"{self._shown(self.price)} {currency}{unit}"

    def _market_text(self, currency):
        added = f" + {self._shown(self.price)} {currency}" if self.price else ""
        return self.env._(
            "%(ptf)s × market + %(support)s × support%(added)s",
            ptf=self._shown(self.ptf_factor), support=self._shown(self.yekdem_factor), added=added)

    def _shown(self, number):
        """A number in the reader's language without needless zeros."""
        digits = len(f"{number:.8f}".rstrip("0").partition(".")[2])
        return formatLang(self.env, number, digits=max(digits, 2 if number % 1 else 0))
