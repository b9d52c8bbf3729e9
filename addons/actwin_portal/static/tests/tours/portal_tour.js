import { registry } from "@web/core/registry";

function fail(message) {
    throw new Error(message);
}

function assertNoSideScroll() {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) {
        fail(`the page is ${scrollWidth - clientWidth} px wider than the screen`);
    }
}

function chart() {
    return window.echarts.getInstanceByDom(document.querySelector(".o_actwin_chart[role='img']"));
}

function pickMonth(month) {
    return [
        {
            content: "picking a month goes there without a button",
            trigger: ".o_actwin_month select",
            run: `select ${month}`,
            expectUnloadPage: true,
        },
    ];
}

const toThePoint = [
    {
        trigger: ".o_portal_index_card:not(.d-none) a[href='/my/energy']",
        run: "click",
        expectUnloadPage: true,
    },
    { trigger: ".o_actwin_point:contains(Weaving hall)", run: "click", expectUnloadPage: true },
];

registry.category("web_tour.tours").add("actwin_portal_tour", {
    url: "/my",
    steps: () => [
        ...toThePoint,
        {
            content: "the chart holds the tenant's nine days in two bands",
            trigger: ".o_actwin_chart canvas",
            run() {
                const { series, xAxis } = chart().getOption();
                if (series.map((s) => s.name).join() !== "T1,T2" || xAxis[0].data.length !== 9) {
                    fail("the chart is not that of nine days in two bands");
                }
                if (series[0].data[8] !== 4.5) {
                    fail("the ninth day is not half of nine");
                }
            },
        },
        { content: "the table is closed", trigger: "#o_actwin_table:not(:visible)" },
        { trigger: "button[data-bs-target='#o_actwin_table']", run: "click" },
        { trigger: "#o_actwin_table.show td:contains(9.00)" },
        {
            content: "the month before is reachable",
            trigger: ".o_actwin_month a[rel='prev']",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".o_actwin_month a[rel='next'][href='?month=2024-02']" },
        ...pickMonth("2023-12"),
        { trigger: ".o_actwin_empty:contains(December 2023)" },
        ...pickMonth("2024-02"),
        { trigger: ".o_actwin_chart canvas" },
        { trigger: ".breadcrumb a[href='/my/energy']", run: "click", expectUnloadPage: true },
        { trigger: ".o_actwin_point:contains(Weaving hall)" },
    ],
});

registry.category("web_tour.tours").add("actwin_portal_phone_tour", {
    url: "/my",
    steps: () => [
        ...toThePoint,
        { trigger: ".o_actwin_chart canvas", run: assertNoSideScroll },
        { trigger: "button[data-bs-target='#o_actwin_table']", run: "click" },
        { trigger: "#o_actwin_table.show td", run: assertNoSideScroll },
        { trigger: ".breadcrumb a[href='/my/energy']", run: "click", expectUnloadPage: true },
        { trigger: ".o_actwin_point", run: assertNoSideScroll },
    ],
});
