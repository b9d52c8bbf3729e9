import { Component, onWillStart, useState } from "@odoo/owl";
import { formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const { DateTime } = luxon;
const MODEL = "actwin.completeness";

/** Point or channel × day: what arrived, was estimated, is missing or held back. */
export class Completeness extends Component {
    static template = "actwin_metering.Completeness";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ level: "point", search: "", offset: 0, page: null, ready: null });
        this.searchLater = useDebounced(() => this.load({ offset: 0 }), 300);
        this.states = {
            r: { sign: "", label: _t("Real") },
            e: { sign: "~", label: _t("Estimated") },
            m: { sign: "–", label: _t("Missing") },
            x: { sign: "!", label: _t("Suspect or rejected") },
            n: { sign: "", label: _t("Nothing expected") },
        };
        const month = DateTime.now().minus({ days: 1 }).startOf("month").toISODate();
        onWillStart(() => this.load({ month }));
    }

    get display() {
        return { controlPanel: {} };
    }

    get monthName() {
        return DateTime.fromISO(this.state.page.month).toFormat("LLLL yyyy");
    }

    get days() {
        return this.state.page.days.map((day) => ({ day, number: Number(day.slice(-2)) }));
    }

    get last() {
        return Math.min(this.state.offset + this.state.page.page, this.state.page.total);
    }

    /** Reads the page anew with some of its settings changed; the latest request wins. */
    async load(changes) {
        const { page, level, search, offset } = { ...this.state, ...changes };
        const siteId = changes.site_id ?? (page ? page.site_id : false);
        const month = changes.month ?? page.month;
        const ticket = (this.ticket = {});
        const args = [siteId, month, level, search, offset];
        const found = await this.orm.silent.call(MODEL, "heat_map", args);
        if (ticket !== this.ticket) {
            return;
        }
        const changed = !page || found.site_id !== page.site_id || found.month !== page.month;
        Object.assign(this.state, { page: found, level, search, offset });
        if (changed) {
            this.loadReadiness();
        }
    }

    async loadReadiness() {
        this.state.ready = null;
        const { site_id, month } = this.state.page;
        if (site_id) {
            const ready = await this.orm.silent.call(MODEL, "readiness", [site_id, month]);
            if (site_id === this.state.page.site_id && month === this.state.page.month) {
                this.state.ready = ready;
            }
        }
    }

    moveMonth(months) {
        const month = DateTime.fromISO(this.state.page.month).plus({ months }).toISODate();
        this.load({ month, offset: 0 });
    }

    onSearch(ev) {
        this.state.search = ev.target.value;
        this.searchLater();
    }

    title(row, day, letter) {
        const date = formatDate(DateTime.fromISO(day));
        return row.name + " · " + date + " · " + this.states[letter].label;
    }

    percent(value) {
        return value === null ? "" : value.toLocaleString(undefined, { minimumFractionDigits: 1 });
    }

    async openCell(row, day) {
        const args = [this.state.level, row.id, day];
        this.action.doAction(await this.orm.call(MODEL, "open_readings", args));
    }

    async openNotReady() {
        const { site_id, month } = this.state.page;
        this.action.doAction(await this.orm.call(MODEL, "open_not_ready", [site_id, month]));
    }
}

registry.category("actions").add("actwin_completeness", Completeness);
