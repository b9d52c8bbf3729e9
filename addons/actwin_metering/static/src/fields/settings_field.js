import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** The value meant by a text: numbers, true, false and other JSON as such, all else as text. */
export function parseSetting(text) {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

/** The text that parseSetting reads back as the value; a text that looks like JSON is quoted. */
export function formatSetting(value) {
    return typeof value === "string" && parseSetting(value) === value
        ? value
        : JSON.stringify(value);
}

/** Edits a JSON field of names and values as a table of two columns. */
export class SettingsField extends Component {
    static template = "actwin_metering.SettingsField";
    static props = { ...standardFieldProps };

    setup() {
        this.state = useState({ rows: [] });
        useRecordObserver((record) => {
            const saved = record.data[this.props.name] || {};
            if (JSON.stringify(saved) !== JSON.stringify(this.settings())) {
                this.state.rows = Object.entries(saved).map(([name, value]) => ({
                    name,
                    text: formatSetting(value),
                }));
            }
        });
    }

    /** The rows as an object; rows without a name are not settings yet. */
    settings() {
        const named = this.state.rows.filter((row) => row.name);
        return Object.fromEntries(named.map((row) => [row.name, parseSetting(row.text)]));
    }

    isTwice(row) {
        return row.name && this.state.rows.some((other) => other !== row && other.name === row.name);
    }

    onChange(row, part, ev) {
        row[part] = ev.target.value.trim();
        this.save();
    }

    add() {
        this.state.rows.push({ name: "", text: "" });
    }

    remove(index) {
        this.state.rows.splice(index, 1);
        this.save();
    }

    save() {
        return this.props.record.update({ [this.props.name]: this.settings() });
    }
}

registry.category("fields").add("actwin_settings", {
    component: SettingsField,
    displayName: _t("Names and values"),
    supportedTypes: ["json"],
});
