import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatFloat } from "@web/core/utils/numbers";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { ActwinBars } from "./bars_field";

const { DateTime } = luxon;
const LARGE_CHANGE = 20; // percent from which a change is coloured

/** This bill beside the last one, its indices, a year of consumption and what the rules found. */
export class ActwinReviewField extends Component {
    static template = "actwin_billing.ReviewField";
    static components = { ActwinBars };
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.totalLabels = { untaxed: _t("Lines"), total: _t("Total") };
    }

    get review() {
        return this.props.record.data[this.props.name] || { indices: [], findings: [], passed: [] };
    }

    get history() {
        return this.props.record.data.history || [];
    }

    get span() {
        const months = this.history.map(([month]) => DateTime.fromISO(month).toFormat("LLL yy"));
        return [months[0], months.at(-1)];
    }

    get hasPrevious() {
        return this.review.comparison.totals.some((row) => row.before_amount !== null);
    }

    get priceDigits() {
        const prices = this.review.comparison.lines.map((row) => row.price || "");
        return Math.max(4, ...prices.map((price) => (price.split(".")[1] || "").length));
    }

    number(text, digits = 3) {
        return text === null ? "" : formatFloat(Number(text), { digits: [16, digits] });
    }

    money(text) {
        const currencyId = this.props.record.data.currency_id?.id;
        return text === null ? "" : formatMonetary(Number(text), { currencyId });
    }

    price(text) {
        return this.number(text, this.priceDigits);
    }

    change(text) {
        if (text === null) {
            return "";
        }
        const number = formatFloat(Math.abs(Number(text)), { digits: [16, 1] });
        const sign = Number(text) > 0 ? "+" : Number(text) < 0 ? "−" : "";
        return _t("%(sign)s%(number)s %", { sign, number });
    }

    changeClass(text) {
        return Math.abs(Number(text)) > LARGE_CHANGE ? "text-danger" : "text-muted";
    }

    icon({ accepted, severity }) {
        if (accepted || severity === "info") {
            return "fa-info-circle text-info";
        }
        return severity === "block"
            ? "fa-exclamation-circle text-danger"
            : "fa-exclamation-triangle text-warning";
    }

    get canAccept() {
        const open = ["draft", "checked", "blocked"].includes(this.props.record.data.state);
        return open && this.review.findings.some((finding) => finding.acceptable);
    }

    async accept() {
        const record = this.props.record;
        await this.action.doActionButton({
            type: "object",
            name: "action_accept_findings",
            resModel: record.resModel,
            resId: record.resId,
            onClose: () => record.load(),
        });
    }
}

registry.category("fields").add("actwin_review", {
    component: ActwinReviewField,
    supportedTypes: ["json"],
    fieldDependencies: [
        { name: "history", type: "json" },
        { name: "state", type: "selection" },
        { name: "currency_id", type: "many2one", relation: "res.currency" },
    ],
});
