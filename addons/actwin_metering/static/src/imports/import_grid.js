import { Component, onWillStart, useExternalListener, useState } from "@odoo/owl";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "actwin.import";

/** Rows from a spreadsheet: pasted or uploaded, checked cell by cell, imported and undone. */
export class ImportGrid extends Component {
    static template = "actwin_metering.ImportGrid";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        this.state = useState({ kind: "point", site: 0, page: null, view: "", reason: null, offset: 0, busy: "" });
        useExternalListener(document, "paste", (ev) => this.onPaste(ev));
        onWillStart(async () => {
            this.offer = await this.orm.call(MODEL, "kinds", []);
            this.state.site = this.offer.sites.length ? this.offer.sites[0][0] : 0;
            const id = this.props.action.params?.import_id;
            if (id) {
                this.state.page = await this.orm.call(MODEL, "page", [[id]]);
            }
        });
    }

    get display() {
        return { controlPanel: {} };
    }

    get kind() {
        return this.offer.kinds.find((item) => item.name === (this.state.page?.kind || this.state.kind));
    }

    get last() {
        const { offset, size, total } = this.state.page;
        return Math.min(offset + size, total);
    }

    count(state) {
        return this.state.page.counts[state] || 0;
    }

    onPaste(ev) {
        const text = ev.clipboardData?.getData("text/plain") || "";
        if (this.state.page || this.state.busy || !/[\t\n;]/.test(text.trim())) {
            return;
        }
        ev.preventDefault();
        this.begin("start", text);
    }

    async onFile(ev) {
        const [file] = ev.target.files;
        if (!file) {
            return;
        }
        const url = await new Promise((resolve, reject) => {
            const reader = new FileReader();
            reader.onload = () => resolve(reader.result);
            reader.onerror = () => reject(reader.error);
            reader.readAsDataURL(file);
        });
        this.begin("start_file", file.name, url.slice(url.indexOf(",") + 1));
    }

    begin(method, ...content) {
        return this.work(_t("Checking…"), async () => {
            const args = [this.state.kind, this.state.site, ...content];
            this.state.page = await this.orm.call(MODEL, method, args);
        });
    }

    /** Shows what is being done; whatever happens, the screen can be used again. */
    async work(words, task) {
        this.state.busy = words;
        try {
            await task();
        } finally {
            this.state.busy = "";
        }
    }

    async show(changes = {}) {
        Object.assign(this.state, changes);
        const { page, view, offset, reason } = this.state;
        this.state.page = await this.orm.call(MODEL, "page", [[page.id], view, offset, reason]);
    }

    change(method, ...args) {
        return this.work(_t("Checking…"), async () => {
            await this.orm.call(MODEL, method, [[this.state.page.id], ...args]);
            await this.show();
        });
    }

    run() {
        const all = this.count("good");
        return this.work(_t("Importing…"), async () => {
            let remaining = all;
            while (remaining) {
                ({ remaining } = await this.orm.call(MODEL, "run", [[this.state.page.id]]));
                this.state.busy = _t("%(done)s of %(all)s rows imported", { done: all - remaining, all });
            }
            await this.show({ offset: 0 });
        });
    }

    undo(partial = false) {
        const body = partial
            ? _t("The used rows stay with all that belongs to them; the others are removed.")
            : _t("Everything this import created is removed, and nothing else. Updated records keep their values.");
        this.dialog.add(ConfirmationDialog, {
            title: _t("Undo the import"),
            body,
            confirmLabel: _t("Undo"),
            confirm: () => this.work(_t("Undoing…"), () => this.applyUndo(partial)),
            cancel: () => {},
        });
    }

    async applyUndo(partial) {
        const found = await this.orm.call(MODEL, "undo", [[this.state.page.id], partial]);
        this.state.used = partial ? null : found.used_count && found;
        await this.show({ offset: 0 });
    }

    restart() {
        Object.assign(this.state, { page: null, view: "", reason: null, offset: 0, used: null });
    }

    async downloadRejects() {
        const text = await this.orm.call(MODEL, "rejects", [[this.state.page.id]]);
        this.download(_t("Faulty rows") + ".csv", text);
    }

    downloadSample() {
        const columns = this.kind.columns;
        const line = (name) => columns.map((item) => `"${item[name]}"`).join(";");
        this.download(this.kind.label + ".csv", "\ufeff" + line("label") + "\r\n" + line("example") + "\r\n");
    }

    download(name, text) {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
        link.download = name;
        link.click();
        URL.revokeObjectURL(link.href);
    }
}

registry.category("actions").add("actwin_import_grid", ImportGrid);
