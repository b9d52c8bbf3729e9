{
    "name": "Actwin Loss",
    "summary": "Daily energy balance of transformers and boards, with the nodes out of band",
    "version": "19.0.1.0.0",
    "category": "Services/Energy",
    "author": "Actwin",
    "license": "LGPL-3",
    "depends": ["actwin_metering"],
    "data": [
        "security/ir.model.access.csv",
        "security/actwin_loss_rules.xml",
        "data/ir_cron.xml",
        "views/actwin_loss_balance_views.xml",
        "views/actwin_loss_node_views.xml",
        "views/actwin_loss_menus.xml",
    ],
}
