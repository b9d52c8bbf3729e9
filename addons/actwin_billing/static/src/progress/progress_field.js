import { Component, onWillUnmount, onWillUpdateProps, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const CHANNEL = "actwin/progress";
const WORKING = ["computing", "posting"];
const POLL_MS = 10000;

/**
 * Records worked off by a billing run, live. The bus brings the responsible's news at once; a
 * poll brings them to everybody else and where a proxy keeps the bus away.
 */
export class ActwinProgressField extends Component {
    static template = "actwin_billing.ProgressField";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.bus = useService("bus_service");
        this.state = useState(this.stored(this.props));
        this.onNews = (news) => news.id === this.props.record.resId && this.take(news);
        this.bus.subscribe(CHANNEL, this.onNews);
        this.timer = setInterval(() => this.poll(), POLL_MS);
        onWillUpdateProps((next) => Object.assign(this.state, this.stored(next)));
        onWillUnmount(() => {
            clearInterval(this.timer);
            this.bus.unsubscribe(CHANNEL, this.onNews);
        });
    }

    stored({ name, record }) {
        return { done: record.data[name], total: record.data.work_total };
    }

    get percent() {
        return this.state.total ? Math.round((100 * this.state.done) / this.state.total) : 0;
    }

    async poll() {
        const { resId, resModel } = this.props.record;
        const fields = [this.props.name, "work_total", "state"];
        const [row] = await this.orm.silent.read(resModel, [resId], fields);
        if (row) {
            this.take({ done: row[this.props.name], total: row.work_total, state: row.state });
        }
    }

    async take({ done, total, state }) {
        const record = this.props.record;
        Object.assign(this.state, { done, total });
        if (!WORKING.includes(state) && WORKING.includes(record.data.state)) {
            if (!(await record.isDirty())) {
                // not model.load(): it would leave a button's own reload unanswered
                await record.model.root.load();
            }
        }
    }
}

export const actwinProgressField = {
    component: ActwinProgressField,
    supportedTypes: ["integer"],
    fieldDependencies: [
        { name: "work_total", type: "integer" },
        { name: "state", type: "selection" },
    ],
};

registry.category("fields").add("actwin_progress", actwinProgressField);
