import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { GraphModel } from "@web/views/graph/graph_model";
import { graphView } from "@web/views/graph/graph_view";

/** [[group by, value]] of a data point. */
function rawEntries(point) {
    return JSON.parse(point.identifier).map((raw) => Object.entries(raw)[0]);
}

function isTrue(point) {
    return Number(rawEntries(point).some(([, value]) => value === true));
}

/**
 * Labels hours by the 24-hour clock, where the server's own repeat after noon, and says in words
 * what "true" and "false" are about.
 */
export class ActwinGraphModel extends GraphModel {
    async _loadDataPoints(metaData) {
        const result = await super._loadDataPoints(...arguments);
        for (const point of result[0]) {
            rawEntries(point).forEach(([spec, value], index) => {
                point.labels[index] = this._label(metaData, spec, value) ?? point.labels[index];
            });
        }
        // the first series is blue, the second red: what is true comes first
        result[0].sort((a, b) => isTrue(b) - isTrue(a));
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
