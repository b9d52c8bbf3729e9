from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core.gib_check import FINDINGS, Finding
from ..models.ubl_messages import MESSAGES, message_of
from .common import UblCase


@tagged("post_install_l10n", "post_install", "-at_install")
class TestUblGeneration(UblCase):
    """Files are queued by posting and written afterwards, each invoice on its own."""

    def test_posting_only_queues(self):
        builder = type(self.env["account.edi.xml.ubl.tr"])
        with patch.object(builder, "_export_invoice", side_effect=AssertionError("too early")):
            move = self.invoice(self.w2_lines())
        self.assertEqual(move.actwin_ubl_status, "queued")
        self.assertFalse(move.ubl_cii_xml_id)
        self.assertEqual(move._actwin_ubl_name(), "")
        cron = self.env.ref("actwin_l10n_tr.ir_cron_generate_ubl")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))

    def test_cron_writes_the_queue(self):
        moves = self.invoice(self.w2_lines()) | self.invoice(self.w2_lines(), partner=self.person)
        with self.enter_registry_test_mode():
            self.env.ref("actwin_l10n_tr.ir_cron_generate_ubl").method_direct_trigger()
        moves.invalidate_recordset()
        self.assertEqual(moves.mapped("actwin_ubl_status"), ["ready", "ready"])
        for move in moves:
            number = move._actwin_tr_document_number()
            self.assertEqual(move._actwin_ubl_name(), f"{number}.xml")
            self.assertEqual(move.ubl_cii_xml_id.name, f"{number}.xml")
            self.assert_valid(move.ubl_cii_xml_id.raw)

    def test_cron_explains_in_the_language_of_the_salesperson(self):
        move = self.invoice(self.w2_lines())
        move.invoice_user_id.lang = "tr_TR"
        move.partner_id.vat = "222"
        with self.enter_registry_test_mode():
            self.env.ref("actwin_l10n_tr.ir_cron_generate_ubl").method_direct_trigger()
        move.invalidate_recordset()
        self.assertIn("vergi numarası", move.actwin_ubl_message)

    def test_emailed_invoice_counts_as_sent_without_the_integrator(self):
        move = self.invoice(self.w2_lines())
        send = self.env["account.move.send"]
        values = {
            "name": "invoice.pdf",
            "raw": b"%PDF",
            "res_model": "account.move",
            "res_id": move.id,
            "res_field": "invoice_pdf_report_file",
        }
        send._link_invoice_documents({move: {"pdf_attachment_values": values}})
        self.assertTrue(move.is_move_sent)

    def test_one_bad_invoice_does_not_stop_the_others(self):
        bad = self.invoice(self.w2_lines())
        good = self.invoice(self.w2_lines(), partner=self.person)
        bad.partner_id.vat = "222"
        (bad | good).action_actwin_generate_ubl()
        self.assertEqual([bad.actwin_ubl_status, good.actwin_ubl_status], ["error", "ready"])
        self.assertIn("222", bad.actwin_ubl_message)
        self.assertFalse(bad.ubl_cii_xml_id)
        bad.partner_id.vat = "2222222208"
        bad.action_actwin_generate_ubl()
        self.assertEqual((bad.actwin_ubl_status, bad.actwin_ubl_message), ("ready", False))

    @mute_logger("odoo.addons.actwin_l10n_tr.models.account_move_ubl")
    def test_unforeseen_data_is_an_error_of_that_invoice(self):
        bad, good = self.invoice(self.w2_lines()), self.invoice(self.w2_lines())
        bad.invoice_line_ids[0].actwin_tr_meters = [5]
        (bad | good).action_actwin_generate_ubl()
        self.assertEqual([bad.actwin_ubl_status, good.actwin_ubl_status], ["error", "ready"])

    def test_unknown_registration_is_said(self):
        move = self.invoice(self.w2_lines(), partner=self.person)
        move.action_actwin_generate_ubl()
        self.assertEqual(move.actwin_ubl_status, "ready")
        self.assertIn(self.person.name, move.actwin_ubl_message)
        known = self.invoice(self.w2_lines(), partner=self.archive_buyer)
        known.action_actwin_generate_ubl()
        self.assertFalse(known.actwin_ubl_message)

    def test_writing_again_replaces_the_file(self):
        move = self.invoice(self.w2_lines())
        move.action_actwin_generate_ubl()
        first = move.ubl_cii_xml_id
        move.action_actwin_generate_ubl()
        self.assertFalse(first.exists())
        self.assertTrue(move.ubl_cii_xml_id)

    def test_sent_invoice_is_not_written_again(self):
        move = self.invoice(self.w2_lines())
        move.action_actwin_generate_ubl()
        sent = move.ubl_cii_xml_id
        move.l10n_tr_nilvera_send_status = "sent"
        move.action_actwin_generate_ubl()
        self.assertTrue(sent.exists())
        self.assertIn("has been sent", move.actwin_ubl_message)

    def test_reset_to_draft_forgets_the_file(self):
        move = self.invoice(self.w2_lines())
        move.action_actwin_generate_ubl()
        move.button_draft()
        self.assertFalse(move.actwin_ubl_status or move.actwin_ubl_name or move.ubl_cii_xml_id)
        move.action_post()
        self.assertEqual(move.actwin_ubl_status, "queued")

    def test_wizard_sends_the_file_that_was_checked(self):
        move = self.invoice(self.w2_lines())
        move.action_actwin_generate_ubl()
        self.assertFalse(move._need_ubl_cii_xml("ubl_tr"))

    def test_other_documents_have_no_file(self):
        plain = self.invoice(
            self.w2_lines(), actwin_tr_period_start=False, actwin_tr_period_end=False
        )
        self.assertFalse(plain.actwin_ubl_status)
        with self.assertRaises(UserError):
            plain.action_actwin_generate_ubl()

    def test_monthly_numbers_are_refused(self):
        move = self.invoice(self.w2_lines(), post=False)
        move.name = "ACT/2026/01/0001"
        move.action_post()
        move.action_actwin_generate_ubl()
        self.assertEqual(move.actwin_ubl_status, "error")
        self.assertIn("one sequence a year", move.actwin_ubl_message)

    def test_number_with_a_short_journal_code_is_refused(self):
        move = self.invoice(self.w2_lines(), post=False)
        move.name = "A/2026/00001"
        move.action_post()
        move.action_actwin_generate_ubl()
        self.assertIn("ABC2026000000001", move.actwin_ubl_message)

    def test_two_journals_cannot_share_a_number(self):
        first = self.invoice(self.w2_lines())
        first.action_actwin_generate_ubl()
        journal = self.company_data["default_journal_sale"].copy({"code": "INVX"})
        twin = self.invoice(self.w2_lines(), post=False, journal_id=journal.id)
        twin.name = first.name.replace("INV/", "INVX/")
        twin.action_post()
        twin.action_actwin_generate_ubl()
        self.assertEqual(twin.actwin_ubl_status, "error")
        self.assertIn(first.name, twin.actwin_ubl_message)

    def test_period_needs_both_ends_in_order(self):
        with self.assertRaises(UserError):
            self.invoice(self.w2_lines(), post=False, actwin_tr_period_end=False)
        with self.assertRaises(UserError):
            self.invoice(self.w2_lines(), post=False, actwin_tr_period_end="2025-11-30")

    def test_every_finding_has_a_text(self):
        self.assertEqual(set(MESSAGES), set(FINDINGS))
        env = self.env(context={"lang": "tr_TR"})
        text = message_of(env, Finding("unit", {"line": "3", "unit": "KVARH"}))
        self.assertIn("KVARH", text)
        self.assertNotIn("Line 3", text)
