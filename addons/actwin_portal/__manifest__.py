{
    "name": "Actwin Portal",
    "summary": "A tenant's own consumption by day, and the way to its invoices",
    "version": "19.0.1.0.0",
    "category": "Services/Energy",
    "author": "Actwin",
    "license": "LGPL-3",
    "depends": ["actwin_metering", "actwin_billing", "portal", "account"],
    "data": [
        "views/portal_layout_templates.xml",
        "views/portal_energy_templates.xml",
        "views/portal_point_templates.xml",
        "views/portal_shared_costs_templates.xml",
    ],
    "assets": {
        "web.assets_frontend": ["actwin_portal/static/src/portal/**/*"],
        "web.assets_tests": ["actwin_portal/static/tests/tours/**/*"],
        "actwin_portal.echarts_lib": [
            "actwin_portal/static/lib/echarts/echarts.min.js",
            "actwin_portal/static/lib/echarts/langTR.js",
        ],
    },
}
