{
    "name": "Actwin Turkey",
    "summary": "Consumption tax, e-Fatura and e-Arşiv files (UBL-TR) of energy invoices",
    "version": "19.0.1.0.0",
    "category": "Services/Energy",
    "author": "Actwin",
    "license": "LGPL-3",
    "depends": [
        "actwin_billing",
        "l10n_tr",
        "l10n_tr_nilvera_einvoice",
        "l10n_tr_nilvera_einvoice_extended",
    ],
    "data": [
        "data/uom_data.xml",
        "data/ir_cron.xml",
        "views/account_tax_views.xml",
        "views/account_move_views.xml",
        "views/res_partner_views.xml",
        "views/uom_uom_views.xml",
        "views/actwin_point_views.xml",
    ],
    "post_init_hook": "post_init_hook",
}
