import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { GROUPS } from "./kinds";

/** Chooses the kind of a price from cards that say what each is for; one card once chosen. */
export class PaletteField extends Component {
    static template = "actwin_billing.PaletteField";
    static props = { ...standardFieldProps };

    setup() {
        this.state = useState({ open: this.props.record.isNew && !this.props.readonly });
        this.groups = GROUPS;
    }

    get labels() {
        return Object.fromEntries(this.props.record.fields[this.props.name].selection);
    }

    get chosen() {
        const kind = this.props.record.data[this.props.name];
        for (const group of GROUPS) {
            const found = group.kinds.find((item) => item[0] === kind);
            if (found) {
                return { kind, icon: found[1], help: found[2], label: this.labels[kind] };
            }
        }
        return { kind, icon: "fa-question", help: "", label: this.labels[kind] || "" };
    }

    isChosen(kind) {
        return this.props.record.data[this.props.name] === kind;
    }

    async choose(kind) {
        await this.props.record.update({ [this.props.name]: kind });
        this.state.open = false;
    }

    open() {
        this.state.open = true;
    }
}

registry.category("fields").add("actwin_palette", {
    component: PaletteField,
    displayName: _t("Palette of prices"),
    supportedTypes: ["selection"],
    extractProps: () => ({}),
});
