def uninstall_hook(env):
    """Drop the reading store, which the ORM did not create and so would leave behind."""
    env.cr.execute(
        "DROP TABLE IF EXISTS actwin_reading, actwin_reading_dirty, actwin_channel_statistic"
        " CASCADE"
    )
