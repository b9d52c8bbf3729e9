from odoo.tests import tagged

from .common import PortalCase


@tagged("post_install", "-at_install")
class TestTour(PortalCase):
    def test_tenant_finds_its_consumption(self):
        self.start_tour("/my", "actwin_portal_tour", login="former")

    def test_on_a_phone(self):
        self.browser_size = "390x844"
        self.start_tour("/my", "actwin_portal_phone_tour", login="former")
