import logging

from lxml import etree

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import UBL_BATCH
from ..core.gib_check import check
from .ubl_messages import message_of

_logger = logging.getLogger(__name__)

# What a builder may raise on data nobody foresaw; a database error must abort the transaction.
BUILD_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    etree.LxmlError,
)


class AccountMove(models.Model):
    """The UBL-TR file of a posted energy invoice: queued at posting, written in the background.

    A file is "ready" only after the arithmetic check; whatever hinders one invoice is kept as its
    message and does not stop the others. Nothing here runs inside posting or uses the network.
    """

    _inherit = "account.move"

    actwin_ubl_status = fields.Selection(
        [("queued", "Waiting"), ("ready", "Ready"), ("error", "Error")],
        string="UBL-TR File",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    actwin_ubl_name = fields.Char(string="UBL-TR File Name", readonly=True, copy=False)
    actwin_ubl_message = fields.Text(
        string="UBL-TR Remarks", readonly=True, copy=False, groups="base.group_user"
    )

    def _actwin_ubl_name(self):
        # OVERRIDES actwin_billing
        return self.actwin_ubl_name or ""

    def _actwin_ubl_wanted(self):
        """Posted energy invoices and refunds of Turkish companies."""
        return self.filtered(
            lambda move: move.state == "posted"
            and move.move_type in ("out_invoice", "out_refund")
            and move.actwin_tr_period_start
            and move.company_id.account_fiscal_country_id.code == "TR"
        )

    def _post(self, soft=True):
        # EXTENDS account: only a mark, the file is written after the commit
        posted = super()._post(soft=soft)
        if wanted := posted._actwin_ubl_wanted():
            wanted.write({"actwin_ubl_status": "queued", "actwin_ubl_message": False})
            # sudo: the accountant may not touch scheduled actions, only wake this one
            self.env.ref("actwin_l10n_tr.ir_cron_generate_ubl").sudo()._trigger()
        return posted

    def button_draft(self):
        # EXTENDS account, which detaches the file of an invoice reset to draft
        result = super().button_draft()
        self.filtered("actwin_ubl_status").write(
            {"actwin_ubl_status": False, "actwin_ubl_name": False, "actwin_ubl_message": False}
        )
        return result

    def action_actwin_generate_ubl(self):
        """Write the UBL-TR files of these invoices now; a failure stays with its invoice.

        Returns True. Raises UserError when none of them is a posted energy invoice.
        """
        wanted = self._actwin_ubl_wanted()
        if not wanted:
            raise UserError(
                self.env._("Only posted Turkish invoices with a billing period have this file.")
            )
        for move in wanted:
            move._actwin_ubl_generate()
        return True

    def action_actwin_download_ubl(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.ubl_cii_xml_id.id}?download=true",
            "target": "download",
        }

    @api.model
    def _cron_actwin_generate_ubl(self, limit=UBL_BATCH):
        domain = [("actwin_ubl_status", "=", "queued"), ("state", "=", "posted")]
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count(domain))
        for move in self.search(domain, limit=limit, order="id"):
            move = move.try_lock_for_update().filtered_domain(domain)
            if move:
                reader = move.invoice_user_id.lang or move.company_id.partner_id.lang
                move.with_context(lang=reader)._actwin_ubl_generate()
            if not cron._commit_progress(1):
                break

    def _actwin_ubl_generate(self):
        """Build, check and attach one file, or keep the reason why there is none."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._actwin_ubl_attach(self._actwin_ubl_build())
        except UserError as error:
            self._actwin_ubl_fail(str(error))
        except BUILD_ERRORS as error:
            _logger.exception("UBL-TR file of invoice %s failed", self.id)
            self._actwin_ubl_fail(self.env._("Unexpected error: %s", error))

    def _actwin_ubl_fail(self, text):
        self.write(
            {"actwin_ubl_status": "error", "actwin_ubl_name": False, "actwin_ubl_message": text}
        )

    def _actwin_ubl_build(self):
        """Bytes of the checked file. Raises UserError with every reason against it."""
        if self.l10n_tr_nilvera_send_status != "not_sent":
            raise UserError(self.env._("The e-invoice has been sent and cannot be written again."))
        xml, errors = self.env["account.edi.xml.ubl.tr"]._export_invoice(self)
        reasons = [*sorted(errors), *(message_of(self.env, found) for found in check(xml))]
        if reasons:
            raise UserError("\n".join(reasons))
        return xml

    def _actwin_ubl_attach(self, xml):
        name = f"{self._actwin_tr_document_number()}.xml"
        if twin := self._actwin_ubl_twin(name):
            raise UserError(
                self.env._(
                    "Invoice %(twin)s already has the e-invoice number of this one; the two "
                    "journals need short codes that differ in their first three characters.",
                    twin=twin.name,
                )
            )
        self.ubl_cii_xml_id.unlink()
        self.env["ir.attachment"].create(
            {
                "name": name,
                "raw": xml,
                "mimetype": "application/xml",
                "res_model": self._name,
                "res_id": self.id,
                "res_field": "ubl_cii_xml_file",
            }
        )
        self.invalidate_recordset(["ubl_cii_xml_id", "ubl_cii_xml_file"])
        # Nothing the lines or taxes depend on: a synchronisation of each would cost as much again.
        self.with_context(skip_invoice_sync=True).write(
            {
                "actwin_ubl_status": "ready",
                "actwin_ubl_name": name,
                "actwin_ubl_message": self._actwin_ubl_remark(),
            }
        )

    def _actwin_ubl_twin(self, name):
        domain = [
            ("company_id", "=", self.company_id.id),
            ("actwin_ubl_name", "=", name),
            ("id", "!=", self.id),
        ]
        return self.search(domain, limit=1)

    def _actwin_ubl_remark(self):
        _channel, known = self.partner_id._actwin_tr_channel()
        if known:
            return False
        return self.env._(
            "The e-invoice registration of %s is not recorded, so the file is an e-archive "
            "invoice. Record the registration on the customer and write the file again if it is "
            "an e-invoice user.",
            self.commercial_partner_id.display_name,
        )
