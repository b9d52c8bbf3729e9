import { _t } from "@web/core/l10n/translation";

/** Groups of component kinds as the palette shows them; labels come from the field itself. */
export const GROUPS = [
    {
        name: _t("Energy"),
        kinds: [
            ["energy", "fa-bolt", _t("A price per kWh or m³: of a register, a band, a season, in tiers")],
            ["market", "fa-line-chart", _t("The exchange's hourly price with factors, by the hour or by its mean")],
            ["distribution", "fa-sitemap", _t("A price per kWh for the network, kept apart from the energy")],
            ["pass_through", "fa-share", _t("A cost per kWh that is handed on, such as a monthly difference")],
        ],
    },
    {
        name: _t("Standing charges"),
        kinds: [
            ["fixed_month", "fa-calendar", _t("An amount a month, by days where a part is billed")],
            ["fixed_day", "fa-calendar-o", _t("An amount a day")],
            ["capacity", "fa-tachometer", _t("A price per kW of contract power and month")],
            ["minimum", "fa-level-up", _t("What the bill lacks to a least amount a month")],
        ],
    },
    {
        name: _t("Demand and reactive energy"),
        kinds: [
            ["excess_demand", "fa-arrow-circle-up", _t("A price per kW above the contract power")],
            ["reactive_inductive", "fa-magnet", _t("All inductive energy once it is over its limit")],
            ["reactive_capacitive", "fa-battery-half", _t("All capacitive energy once it is over its limit")],
        ],
    },
    {
        name: _t("Own production"),
        kinds: [
            ["netting", "fa-sun-o", _t("Takes back the price of energy that own production covers")],
            ["feed_in", "fa-plug", _t("Pays for what is left over and goes to the grid")],
        ],
    },
    {
        name: _t("Vehicle charging"),
        kinds: [
            ["session_energy", "fa-car", _t("A price per kWh of a charging session")],
            ["session_idle", "fa-hourglass-half", _t("A price per minute a full vehicle stays")],
            ["session_fee", "fa-ticket", _t("An amount a session")],
        ],
    },
    {
        name: _t("On other lines"),
        kinds: [
            ["discount", "fa-minus-circle", _t("A share off the amount of other lines")],
            ["surcharge", "fa-plus-circle", _t("A share on top of other lines, such as a fund")],
            ["formula", "fa-superscript", _t("Whatever you can write as a formula")],
        ],
    },
];
