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
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
        return value.join(", ");
    }
    return typeof value === "string" && parseSetting(value) === value
        ? value
        : JSON.stringify(value);
}

function splitList(text) {
    return text.split(",").map((item) => item.trim()).filter(Boolean);
}

/**
 * Edits a JSON field of names and values as a table of two columns.
 *
 * A field `settings_help` of the same record tells which names are known: they are offered, get a
 * control of their kind, and their help stands below.
 */
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
                    list: Array.isArray(value),
                    table: value && typeof value === "object" && !Array.isArray(value),
                }));
            }
        });
    }

    /** Known settings by name. */
    get known() {
        const listed = this.props.record.data.settings_help || [];
        return Object.fromEntries(listed.map((setting) => [setting.name, setting]));
    }

    /** Known settings that are not set yet. */
    get offered() {
        const taken = new Set(this.state.rows.map((row) => row.name));
        return Object.values(this.known).filter((setting) => !taken.has(setting.name));
    }

    get listId() {
        return `${this.props.name}_${this.props.record.id}`;
    }

    choices(row) {
        const setting = this.known[row.name];
        if (setting?.kind === "boolean") {
            return ["true", "false"];
        }
        return setting?.kind === "choice" ? setting.choices : [];
    }

    help(setting) {
        return setting.default
            ? _t("%(help)s Without it: %(value)s.", { help: setting.help, value: setting.default })
            : setting.help;
    }

    /** The rows as an object; rows without a name are not settings yet. */
    settings() {
        const named = this.state.rows.filter((row) => row.name);
        return Object.fromEntries(named.map((row) => [row.name, this.value(row)]));
    }

    /** A choice is a text, even where it looks like a number; a list is written with commas. */
    value(row) {
        const kind = this.known[row.name]?.kind;
        if (kind === "choice" || kind === "text") {
            return this.plain(row);
        }
        const value = parseSetting(row.text);
        const listed = kind === "list" || row.list;
        return listed && typeof value === "string" ? splitList(value) : value;
    }

    plain(row) {
        const value = parseSetting(row.text);
        return typeof value === "string" ? value : row.text;
    }

    isTwice(row) {
        return row.name && this.state.rows.some((other) => other !== row && other.name === row.name);
    }

    onChange(row, part, ev) {
        row[part] = ev.target.value.trim();
        if (part === "name" && !row.text) {
            row.text = this.known[row.name]?.default || "";
        }
        this.save();
    }

    add(setting) {
        const [name, text] = [setting?.name || "", setting?.default || ""];
        this.state.rows.push({ name, text });
        if (name) {
            this.save();
        }
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
