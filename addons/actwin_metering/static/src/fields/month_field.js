import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Shows the date that stands for a month as month and year. */
export class MonthField extends Component {
    static template = "actwin_metering.MonthField";
    static props = { ...standardFieldProps };

    get month() {
        const date = this.props.record.data[this.props.name];
        return date ? date.toFormat("LLLL yyyy") : "";
    }
}

registry.category("fields").add("actwin_month", {
    component: MonthField,
    displayName: _t("Month and year"),
    supportedTypes: ["date"],
});
