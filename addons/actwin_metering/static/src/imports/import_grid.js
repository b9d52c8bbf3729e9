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

    get rejected() {
        return this.count("faulty") + this.count("doubtful");
    }

    get words() {
        return {
            run: _t("Import %s good rows", this.count("good")),
            accept: _t("Confirm %s doubtful rows", this.count("doubtful")),
            rejects: _t("Download %s faulty rows", this.rejected),
            used: _t("Nothing was undone: %s of it are used since.", this.state.used?.used_count),
        };
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

    /** Call a method of the import that is shown. */
    call(method, ...args) {
        return this.orm.call(MODEL, method, [[this.state.page.id], ...args]);
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
        const { view, offset, reason } = this.state;
        this.state.page = await this.call("page", view, offset, reason);
    }

    change(method, ...args) {
        return this.work(_t("Checking…"), async () => {
            await this.call(method, ...args);
            await this.show();
        });
    }

    run() {
        const all = this.count("good");
        return this.work(_t("Importing…"), async () => {
            let remaining = all;
            while (remaining) {
                ({ remaining } = await this.call("run"));
                this.state.busy = _t("%(done)s of %(all)s rows imported", { done: all - remaining, all });
            }
            await this.show({ offset: 0 });
        });
    }

    accept() {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Confirm what is doubtful"),
            body: _t("%s rows are then good, in spite of what speaks against them.", this.count("doubtful")),
            confirmLabel: _t("Confirm"),
            confirm: () => this.change("accept"),
            cancel: () => {},
        });
    }

    get undoWords() {
        return this.state.page.kind === "reading"
            ? _t("The readings of this import are withdrawn, and what it replaced comes back. Both stay on record.")
            : _t("Everything this import created is removed, and nothing else. Updated records keep their values.");
    }

    undo(partial = false) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Undo the import"),
            body: partial
                ? _t("The used rows stay with all that belongs to them; the others are removed.")
                : this.undoWords,
            confirmLabel: _t("Undo"),
            confirm: () => this.work(_t("Undoing…"), () => this.applyUndo(partial)),
            cancel: () => {},
        });
    }

    async applyUndo(partial) {
        let found, done = 0;
        do {
            found = await this.call("undo", partial);
            done += found.removed;
            this.state.busy = _t("%s rows undone", done);
        } while (found.remaining);
        this.state.used = partial ? null : found.used_count && found;
        await this.show({ offset: 0 });
    }

    restart() {
        Object.assign(this.state, { page: null, view: "", reason: null, offset: 0, used: null });
    }

    async downloadRejects() {
        this.download(await this.call("rejects"));
    }

    async downloadExample() {
        this.download(await this.orm.call(MODEL, "example", [this.state.kind, this.state.site]));
    }

    download({ name, content }) {
        const link = document.createElement("a");
        link.href = `data:application/vnd.openxmlformats-officedocument.spreadsheetml.sheet;base64,${content}`;
        link.download = name;
        link.click();
    }
}

registry.category("actions").add("actwin_import_grid", ImportGrid);
