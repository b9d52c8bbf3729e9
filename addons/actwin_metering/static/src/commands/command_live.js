import { Component, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const POLL_MILLISECONDS = 4000; // where a proxy swallows the bus

/** Says how a collector's command stands, and fetches the result as soon as there is one. */
export class CommandLive extends Component {
    static template = "actwin_metering.CommandLive";
    static props = { ...standardWidgetProps };

    setup() {
        this.bus = useService("bus_service");
        const onMoved = ({ id }) => id === this.props.record.resId && this.props.record.load();
        this.bus.subscribe("actwin_metering/command", onMoved);
        const timer = setInterval(() => this.isOpen && this.props.record.load(), POLL_MILLISECONDS);
        onWillUnmount(() => {
            this.bus.unsubscribe("actwin_metering/command", onMoved);
            clearInterval(timer);
        });
    }

    get state() {
        return this.props.record.data.state;
    }

    get isOpen() {
        return ["queued", "sent"].includes(this.state);
    }
}

registry.category("view_widgets").add("actwin_command_live", {
    component: CommandLive,
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "error_code", type: "char" },
    ],
});
