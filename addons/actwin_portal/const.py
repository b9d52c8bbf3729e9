"""Words shared by the models of this addon."""

STAFF = "actwin_metering.group_reader"
"""Who reads the fields that tell a tenant about somebody else."""
