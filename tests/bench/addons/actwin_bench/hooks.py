"""A Turkish company, before the chart of the default one is loaded."""


def pre_init_hook(env):
    """Load the Turkish chart in place of the one that still waits for the end of installing."""
    company = env.ref("base.main_company")
    company.country_id = env.ref("base.tr")
    if company.chart_template != "tr":
        env["account.chart.template"].try_loading("tr", company=company, install_demo=False)
    if hasattr(env.registry, "_auto_install_template"):
        del env.registry._auto_install_template
