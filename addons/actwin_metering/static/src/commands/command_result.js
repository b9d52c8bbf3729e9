import { Component } from "@odoo/owl";
import { CopyButton } from "@web/core/copy_button/copy_button";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** What a collector answered, as tables: values, found addresses, the queue, findings. */
export class CommandResult extends Component {
    static template = "actwin_metering.CommandResult";
    static props = { ...standardFieldProps };

    get data() {
        return this.props.record.data[this.props.name] || {};
    }

    /** Name of a figure of the queue, in the user's language. */
    countName(name) {
        const names = {
            waiting: _t("Readings waiting"),
            oldest: _t("Oldest"),
            refused: _t("Readings refused"),
            events: _t("Events waiting"),
            bytes: _t("Size in bytes"),
        };
        return names[name] || name;
    }

    list(name) {
        return Array.isArray(this.data[name]) ? this.data[name] : [];
    }
}

/** Text of a log or a trace: fixed width, with a button that copies it. */
export class LogField extends Component {
    static template = "actwin_metering.LogField";
    static components = { CopyButton };
    static props = { ...standardFieldProps };

    get text() {
        return this.props.record.data[this.props.name] || "";
    }

    get copied() {
        return _t("Copied");
    }
}

registry.category("fields").add("actwin_command_result", {
    component: CommandResult,
    displayName: _t("Result of a command"),
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "kind", type: "selection" }],
});
registry.category("fields").add("actwin_log", {
    component: LogField,
    displayName: _t("Log"),
    supportedTypes: ["text"],
});
