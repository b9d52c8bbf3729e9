import { _t } from "@web/core/l10n/translation";

export const BAND_COLORS = { t1: "#4EA7F2", t2: "#CE4257", t3: "#3A3580", t4: "#868E96" };
const TOTAL_COLOR = "#3188E6";
const PREVIOUS_COLOR = "#868E96";
// Hatching: an estimated day is told apart without colour.
const HATCH = {
    color: "rgba(255, 255, 255, 0.55)",
    dashArrayX: [1, 0],
    dashArrayY: [4, 4],
    rotation: -Math.PI / 4,
};

function bars(values, estimated) {
    return values.map((value, index) =>
        estimated[index] ? { value, itemStyle: { decal: HATCH } } : value
    );
}

/** Bars of the month: stacked by band where the bands account for it, else one a day. */
function monthSeries(series) {
    const bands = Object.entries(series.bands);
    const stacked = bands.length ? bands : [["", series.total]];
    return stacked.map(([band, values]) => ({
        type: "bar",
        name: band ? band.toUpperCase() : _t("Consumption"),
        stack: "month",
        barMaxWidth: 28,
        color: BAND_COLORS[band] || TOTAL_COLOR,
        itemStyle: { borderColor: "#fff", borderWidth: 0.5 },
        data: bars(values, series.estimated),
    }));
}

function previousSeries(series) {
    return {
        type: "line",
        name: _t("Month before"),
        step: "middle",
        symbol: "none",
        color: PREVIOUS_COLOR,
        lineStyle: { width: 2, type: "dashed" },
        data: series.previous,
    };
}

function tooltip(series, format) {
    return (items) => {
        const index = items[0].dataIndex;
        const lines = items
            .filter((item) => item.value !== undefined && item.value !== null)
            .map((item) => `${item.marker} ${item.seriesName}: ${format.number(item.value)}`);
        if (Object.keys(series.bands).length && series.total[index] !== null) {
            lines.push(`${_t("Total")}: ${format.number(series.total[index])}`);
        }
        if (series.estimated[index]) {
            lines.push(_t("estimated"));
        }
        return [format.day(series.days[index]), ...lines].join("<br/>");
    };
}

/**
 * ECharts options of one month.
 *
 * @param {Object} series answer of /my/energy/<point>/series
 * @param {{number: Function, day: Function}} format writers in the reader's language
 * @param {boolean} compare draw the month before behind
 */
export function monthOptions(series, format, compare) {
    const drawn = monthSeries(series);
    if (compare) {
        drawn.push(previousSeries(series));
    }
    return {
        animation: false,
        aria: { enabled: true },
        legend: { top: 0, right: 0, show: drawn.length > 1 },
        grid: { left: 8, right: 8, top: 36, bottom: 8, containLabel: true },
        tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, formatter: tooltip(series, format) },
        xAxis: {
            type: "category",
            data: series.days.map((day) => String(Number(day.slice(8)))),
            axisTick: { alignWithLabel: true },
        },
        yAxis: {
            type: "value",
            name: series.unit,
            nameTextStyle: { align: "left" },
            axisLabel: { formatter: (value) => format.number(value) },
        },
        series: drawn,
    };
}
