import { Component, onMounted, onWillUnmount, useRef, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { monthOptions } from "./chart_options";

/** Bar chart of one month by day. The same numbers stand in the page's table. */
export class MonthChart extends Component {
    static template = "actwin_portal.MonthChart";
    static props = { pointId: Number, month: String, lang: String };

    setup() {
        this.chartRef = useRef("chart");
        this.state = useState({ status: "loading", compare: false });
        this.format = this.makeFormat();
        onMounted(() => this.load());
        onWillUnmount(() => this.dispose());
    }

    get label() {
        return _t("Consumption by day");
    }

    get hasPrevious() {
        return this.series?.previous.some((value) => value !== null) && this.state.status === "ready";
    }

    makeFormat() {
        const number = new Intl.NumberFormat(this.props.lang, { maximumFractionDigits: 2 });
        const day = new Intl.DateTimeFormat(this.props.lang, {
            day: "numeric", month: "long", weekday: "long", timeZone: "UTC",
        });
        return {
            number: (value) => number.format(value),
            day: (text) => day.format(new Date(text)),
        };
    }

    async load() {
        this.state.status = "loading";
        try {
            const url = `/my/energy/${this.props.pointId}/series`;
            const [series] = await Promise.all([
                rpc(url, { month: this.props.month }),
                loadBundle("actwin_portal.echarts_lib"),
            ]);
            this.series = series;
            this.state.status = "ready";
        } catch {
            this.state.status = "error";
            return;
        }
        // The element takes its size only after this frame shows it.
        requestAnimationFrame(() => this.draw());
    }

    draw() {
        if (!this.chartRef.el) {
            return;
        }
        if (!this.chart) {
            const locale = this.props.lang.startsWith("tr") ? "TR" : "EN";
            this.chart = window.echarts.init(this.chartRef.el, null, { locale });
            this.observer = new ResizeObserver(() => this.chart.resize());
            this.observer.observe(this.chartRef.el);
        }
        this.chart.setOption(monthOptions(this.series, this.format, this.state.compare), true);
    }

    toggleCompare() {
        this.state.compare = !this.state.compare;
        this.draw();
    }

    dispose() {
        this.observer?.disconnect();
        this.chart?.dispose();
    }
}

registry.category("public_components").add("actwin_portal.month_chart", MonthChart);
