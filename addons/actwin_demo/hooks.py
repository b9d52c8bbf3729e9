"""What the demo zone needs that is no plain data: a Turkish company and the taxes of its chart."""


def pre_init_hook(env):
    """Make the database's first company Turkish before the data files refer to it."""
    company = env.ref("base.main_company")
    company.write({"name": "Bozdağ OSB Müdürlüğü", "country_id": env.ref("base.tr").id})
    company.partner_id.write({
        "street": "Bozdağ OSB İdare Binası No: 1",
        "city": "Ödemiş",
        "zip": "35750",
        "state_id": env.ref("base.state_tr_35").id,
        "vat": "4561000012",
        "phone": "+90 232 555 00 00",
        "email": "enerji@bozdagosb.example.com",
        "lang": "tr_TR" if env["res.lang"]._lang_get("tr_TR") else env.user.lang,
    })
    if company.chart_template != "tr":
        env["account.chart.template"].try_loading("tr", company=company, install_demo=False)
    # Installed together with account, the chart of the company's former country still waits to
    # be loaded at the end and would replace this one.
    if hasattr(env.registry, "_auto_install_template"):
        del env.registry._auto_install_template


def post_init_hook(env):
    """Put the zone's taxes on its tariffs and its trade register number on the company."""
    company = env.ref("base.main_company")
    chart = env["account.chart.template"].with_company(company)
    vat = chart.ref("tr_s_20")
    levies = {
        tax.amount: tax
        for tax in env["account.tax"].search([
            ("company_id", "=", company.id), ("actwin_tr_tax_code", "=", "4071")
        ])
    }
    for xmlid, rate in (
        ("tariff_industry_lv", 1), ("tariff_industry_mv", 1), ("tariff_commercial_lv", 5)
    ):
        tariff = env.ref(f"actwin_demo.{xmlid}")
        tariff.write({"levy_tax_id": levies[float(rate)].id, "vat_tax_id": vat.id})
    # GİB numbers begin with three characters of the journal's code.
    env["account.journal"].search([
        ("company_id", "=", company.id), ("type", "=", "sale")
    ], limit=1).code = "BSB"
    office = env.ref(
        "l10n_tr_nilvera_einvoice_extended.l10n_tr_nilvera_einvoice_extended_tax_office_534"
    )
    company.partner_id.l10n_tr_tax_office_id = office
    register = env["res.partner.category"].create({
        "name": "0456100001200018",
        "parent_id": env.ref("l10n_tr_nilvera_einvoice.res_partner_category_mersisno").id,
    })
    company.partner_id.category_id |= register
