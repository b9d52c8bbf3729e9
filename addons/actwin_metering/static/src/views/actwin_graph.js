import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { GraphModel } from "@web/views/graph/graph_model";
import { graphView } from "@web/views/graph/graph_view";

/**
 * Labels hours by the 24-hour clock, where the server's own repeat after noon, and says in words
 * what "true" and "false" are about.
 */
export class ActwinGraphModel extends GraphModel {
    async _loadDataPoints(metaData) {
        const result = await super._loadDataPoints(...arguments);
        for (const point of result[0]) {
            JSON.parse(point.identifier).forEach((raw, index) => {
                const [spec, value] = Object.entries(raw)[0];
                point.labels[index] = this._label(metaData, spec, value) ?? point.labels[index];
            });
        }
        return result;
    }

    _label(metaData, spec, value) {
        const [name, interval] = spec.split(":");
        if (interval === "hour" && value) {
            return deserializeDateTime(value[0]).toFormat("d LLL HH:mm");
        }
        if (typeof value === "boolean" && metaData.fields[name].type === "boolean") {
            return metaData.fields[name].string + ": " + (value ? _t("Yes") : _t("No"));
        }
        return undefined;
    }
}

registry.category("views").add("actwin_graph", { ...graphView, Model: ActwinGraphModel });
