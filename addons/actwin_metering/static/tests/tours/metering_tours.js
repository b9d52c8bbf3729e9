import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** Choose the entry of a many2one field that holds the text. */
function choose(field, text) {
    return [
        { trigger: `.o_field_widget[name=${field}] input`, run: `edit ${text}` },
        {
            trigger: `.o-autocomplete--dropdown-item:not(.o_m2o_dropdown_option):contains(${text}) a`,
            run: "click",
        },
    ];
}

function fill(field, text) {
    const input = `.o_field_widget[name=${field}]`;
    return { trigger: `${input} input, ${input} textarea`, run: `edit ${text}` };
}

/** Save the form and wait until the server has it. */
function save() {
    return [
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved" },
    ];
}

function menu(section, entry) {
    return [
        { trigger: `[data-menu-xmlid='actwin_metering.${section}']`, run: "click" },
        { trigger: `.o-dropdown--menu [data-menu-xmlid='actwin_metering.${entry}']`, run: "click" },
    ];
}

function call(model, method, args, kwargs = {}) {
    return rpc(`/web/dataset/call_kw/${model}/${method}`, { model, method, args, kwargs });
}

/** Answer the open command as the collector does; an administrator may speak for it. */
async function answerCommand() {
    const open = [["state", "in", ["queued", "sent"]]];
    const [command] = await call("actwin.collector.command", "search_read", [open], {
        fields: ["ref"],
        limit: 1,
    });
    const values = [{ register: "energy", value: "12.5", unit: "kWh", channel: "" }];
    await call("actwin.collector", "report_commands", [
        "C1",
        [{ id: command.ref, ok: true, text: "a line of the trace", data: { values } }],
    ]);
}

const row = (text) => `.o_data_row:contains(${text})`;

tours.add("actwin_metering_follow_a_point", {
    url: "/odoo/points",
    steps: () => [
        { trigger: `${row("TOUR-1")} .o_data_cell[name=code]`, run: "click" },
        { trigger: `.o_field_widget[name=channel_ids] ${row("TS1/TOUR-1:1.8.0")}` },
        { trigger: ".oe_stat_button .fa-bar-chart", run: "click" },
        { trigger: ".o_searchview_facet:contains(TOUR-1)" },
        { trigger: ".o_graph_renderer canvas" },
        { trigger: ".o_switch_view.o_list", run: "click" },
        { trigger: `${row("TOUR-1")} .o_data_cell[name=consumption]:contains(42)` },
        ...menu("menu_readings", "actwin_consumption_month_menu"),
        { trigger: ".o_graph_renderer canvas" },
        { trigger: ".o_switch_view.o_list", run: "click" },
        { trigger: `${row("TOUR-1")} .o_data_cell[name=month] span:not(:empty)` },
        ...menu("menu_readings", "actwin_reading_reject_menu"),
        { trigger: ".o_group_header", run: "click" },
        { trigger: `${row("TS1/NOWHERE")}` },
    ],
});

tours.add("actwin_metering_set_up_a_site", {
    url: "/odoo/sites/new",
    steps: () => [
        fill("name", "Tour site"),
        fill("code", "TOUR"),
        ...save(),
        ...menu("menu_points", "actwin_point_menu"),
        { trigger: ".o_list_button_add", run: "click" },
        fill("name", "Workshop of the tour"),
        fill("code", "W1"),
        ...choose("site_id", "Tour site"),
        ...save(),
        { trigger: ".o_form_view .alert-info:visible" },
        { trigger: "button.oe_stat_button .fa-tachometer", run: "click" },
        { trigger: ".o_list_button_add", run: "click" },
        fill("obis", "1.8.0"),
        { trigger: ".o_field_widget[name=unit] input", run: "click" },
        ...save(),
    ],
});

tours.add("actwin_metering_set_up_a_collector", {
    url: "/odoo/collectors",
    steps: () => [
        { trigger: `${row("C1")} .o_data_cell[name=code]`, run: "click" },
        { trigger: ".o_form_view .alert-info:visible" },
        { trigger: "button[name=action_create_api_key]", run: "click" },
        { trigger: ".modal-footer .btn-primary", run: "click" },
        { trigger: ".modal .o_field_widget[name=key]" },
        { trigger: ".modal-footer .btn-primary", run: "click" },
        ...menu("menu_collectors", "actwin_line_menu"),
        { trigger: ".o_list_button_add", run: "click" },
        fill("key", "bus-1"),
        ...choose("collector_id", "Test collector"),
        fill("host", "192.0.2.1"),
        fill("port", "502"),
        ...save(),
        ...menu("menu_collectors", "actwin_device_menu"),
        { trigger: ".o_list_button_add", run: "click" },
        fill("name", "Analyser of the tour"),
        fill("key", "A1"),
        ...choose("collector_id", "Test collector"),
        ...choose("line_id", "bus-1"),
        fill("driver", "modbus"),
        { trigger: ".o_notebook_headers [name=settings]", run: "click" },
        { trigger: ".o_setting_add", run: "click" },
        { trigger: ".o_setting_name", run: "edit map && press Tab" },
        { trigger: ".o_setting_value", run: "edit schneider_iem3000 && press Tab" },
        { trigger: ".o_setting_add", run: "click" },
        { trigger: "tr:nth-child(2) .o_setting_name", run: "edit pause && press Tab" },
        { trigger: "tr:nth-child(2) .o_setting_value", run: "edit 1.5 && press Tab" },
        ...save(),
    ],
});

tours.add("actwin_metering_read_now", {
    url: "/odoo/devices",
    steps: () => [
        { trigger: `${row("D1")} .o_data_cell[name=key]`, run: "click" },
        { trigger: "button[name=action_read_now]", run: "click" },
        { trigger: ".modal .o_actwin_command_open", run: answerCommand },
        { trigger: ".modal .o_actwin_value:contains(12.5)" },
        { trigger: ".modal .o_actwin_log pre:contains(a line of the trace)" },
        { trigger: ".modal-footer button:contains(Close)", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});

tours.add("actwin_metering_cannot_stop_a_line", {
    url: "/odoo/lines",
    steps: () => [
        { trigger: `${row("tcp1")} .o_data_cell[name=key]`, run: "click" },
        { trigger: ".o_form_view button[name=action_check]" },
        { trigger: ".o_form_view:not(:has(button[name=action_ask_stop]))" },
    ],
});

tours.add("actwin_metering_stop_a_line", {
    url: "/odoo/lines",
    steps: () => [
        { trigger: `${row("tcp1")} .o_data_cell[name=key]`, run: "click" },
        { trigger: "button[name=action_ask_stop]", run: "click" },
        { ...fill("reason", "cabinet 4 is rewired"), trigger: ".modal .o_field_widget[name=reason] input" },
        { trigger: ".modal-footer .btn-danger", run: "click" },
        { trigger: ".o_form_view .alert-danger:contains(cabinet 4 is rewired)" },
        { trigger: ".o-mail-Message:contains(cabinet 4 is rewired)" },
        ...menu("menu_collectors", "actwin_device_menu"),
        { trigger: `${row("D1")} .o_field_badge:contains(Line stopped)` },
        ...menu("menu_collectors", "actwin_line_menu"),
        { trigger: `${row("tcp1")}.text-danger .o_data_cell[name=key]`, run: "click" },
        { trigger: "button[name=start]", run: "click" },
        { trigger: "button[name=action_ask_stop]" },
        { trigger: ".o_form_view:not(:has(.alert-danger:visible))" },
    ],
});
