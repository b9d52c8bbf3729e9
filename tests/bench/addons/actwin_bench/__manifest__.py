{
    "name": "Actwin Bench",
    "summary": "The plain ways the performance goals are measured against",
    "version": "19.0.1.0.0",
    "author": "Actwin",
    "license": "LGPL-3",
    "category": "Hidden",
    "depends": ["actwin_l10n_tr"],
    "data": ["security/ir.model.access.csv"],
    "pre_init_hook": "pre_init_hook",
    "installable": True,
}
