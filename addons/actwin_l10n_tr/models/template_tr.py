from odoo import Command, models

from odoo.addons.account.models.chart_template import template

from ..const import CHART, LEVY_ACCOUNT, LEVY_CODE, LEVY_GROUP, LEVY_TAXES


class AccountChartTemplate(models.AbstractModel):
    _inherit = "account.chart.template"

    @template(CHART, "account.account")
    def _get_actwin_tr_account(self):
        """Account of the consumption tax. l10n_tr's own 360 is of type payable, and Odoo refuses
        to post a sales tax to a payable account."""
        return {
            LEVY_ACCOUNT: {
                "name": "Electricity Consumption Tax Payable",
                "name@tr": "Ödenecek Elektrik ve Havagazı Tüketim Vergisi",
                "code": "360100",
                "account_type": "liability_current",
                "reconcile": False,
            }
        }

    @template(CHART, "account.tax.group")
    def _get_actwin_tr_tax_group(self):
        return {
            LEVY_GROUP: {
                "name": "Consumption Tax",
                "name@tr": "BTV",
                "country_id": "base.tr",
                "sequence": 5,
            }
        }

    @template(CHART, "account.tax")
    def _get_actwin_tr_tax(self):
        """Consumption tax (law 2464, art. 34-39) on energy; VAT is due on top of it."""
        return {
            xmlid: self._actwin_tr_levy_values(sequence, rate)
            for sequence, (xmlid, rate) in enumerate(LEVY_TAXES.items(), start=-1)
        }

    def _actwin_tr_levy_values(self, sequence, rate):
        industry = rate == 1.0
        return {
            "name": f"BTV {rate:g}%",
            "name@tr": f"BTV %{rate:g}",
            "description": "Consumption tax, industry" if industry else "Consumption tax",
            "description@tr": (
                "Elektrik tüketim vergisi, sanayi" if industry else "Elektrik tüketim vergisi"
            ),
            "invoice_label": f"BTV {rate:g}%",
            "invoice_label@tr": f"BTV %{rate:g}",
            "type_tax_use": "sale",
            "amount_type": "percent",
            "amount": rate,
            "sequence": sequence,
            "tax_group_id": LEVY_GROUP,
            "include_base_amount": True,
            "is_base_affected": False,
            "price_include_override": "tax_excluded",
            "actwin_tr_tax_code": LEVY_CODE,
            "repartition_line_ids": [
                Command.create(values)
                for document in ("invoice", "refund")
                for values in (
                    {"document_type": document, "repartition_type": "base"},
                    {
                        "document_type": document,
                        "repartition_type": "tax",
                        "account_id": LEVY_ACCOUNT,
                    },
                )
            ],
        }

    def _actwin_tr_load(self, company):
        """Create in ``company`` what is missing of the records above; existing ones stay."""
        chart = self.with_company(company)
        data = {
            "account.account": chart._actwin_tr_free_account(chart._get_actwin_tr_account()),
            "account.tax.group": chart._get_actwin_tr_tax_group(),
            "account.tax": chart._get_actwin_tr_tax(),
        }
        for records in data.values():
            for xmlid in [x for x in records if chart.ref(x, raise_if_not_found=False)]:
                del records[xmlid]
        data = {model: records for model, records in data.items() if records}
        if data:
            chart._pre_reload_data(company, {}, data)
            chart._load_data(data)
            chart._load_translations(companies=company)
        for xmlid in LEVY_TAXES:
            # a tax that outlived an uninstallation has lost its code with the column
            tax = chart.ref(xmlid)
            tax.actwin_tr_tax_code = tax.actwin_tr_tax_code or LEVY_CODE

    def _actwin_tr_free_account(self, accounts):
        """The account's values, under the next free code when the chart in use has taken it."""
        values = accounts[LEVY_ACCOUNT]
        model = self.env["account.account"]
        taken = model._check_company_domain(self.env.company)
        if model.search_count([*taken, ("code", "=", values["code"])], limit=1):
            values["code"] = model._search_new_account_code(values["code"])
        return accounts
