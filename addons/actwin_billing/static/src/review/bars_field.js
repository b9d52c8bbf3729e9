import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { formatFloat } from "@web/core/utils/numbers";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const { DateTime } = luxon;
const STEP = 10; // width of a month in the drawing's units
const HEIGHT = 40;

/** Bars of [[first day of the month, value]…]; the last one is the month in question. */
export class ActwinBars extends Component {
    static template = "actwin_billing.Bars";
    static props = { history: Array };

    get width() {
        return STEP * this.props.history.length;
    }

    get bars() {
        const top = Math.max(...this.props.history.map(([, value]) => value), 0) || 1;
        const last = this.props.history.length - 1;
        return this.props.history.map(([month, value], index) => {
            const height = Math.max((HEIGHT * Math.max(value, 0)) / top, value ? 0.5 : 0);
            const name = DateTime.fromISO(month).toFormat("LLL yyyy");
            return {
                x: STEP * index + 1,
                y: HEIGHT - height,
                height,
                current: index === last,
                title: _t("%(month)s: %(value)s", {
                    month: name,
                    value: formatFloat(value, { digits: [16, 0] }),
                }),
            };
        });
    }
}

export class ActwinBarsField extends Component {
    static template = "actwin_billing.BarsField";
    static components = { ActwinBars };
    static props = { ...standardFieldProps };

    get history() {
        return this.props.record.data[this.props.name] || [];
    }
}

registry.category("fields").add("actwin_bars", {
    component: ActwinBarsField,
    supportedTypes: ["json"],
});
