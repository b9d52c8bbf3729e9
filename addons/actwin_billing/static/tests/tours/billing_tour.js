import { registry } from "@web/core/registry";

function confirmed(button, result) {
    return [
        { trigger: `button[name='${button}']`, run: "click" },
        { trigger: ".modal footer .btn-primary", run: "click" },
        { trigger: result },
    ];
}

const stage = (name) => `.o_statusbar_status .o_arrow_button_current[data-value='${name}']`;

registry.category("web_tour.tours").add("actwin_billing_tour", {
    url: "/odoo/billing-runs",
    steps: () => [
        { trigger: ".o_list_button_add", run: "click" },
        { trigger: "div[name='site_id'] input", run: "edit Tour zone" },
        { trigger: ".ui-autocomplete a:contains('Tour zone')", run: "click" },
        { trigger: "button[name='action_compute'].btn-primary", run: "click" },
        {
            content: "progress is shown while the queue works",
            trigger: ".o_actwin_progress:contains('0 / 2')",
        },
        { trigger: "button[name='action_run_now']", run: "click" },
        { trigger: stage("control") },
        { trigger: "button[name='action_open_bills']", run: "click" },
        { trigger: ".o_data_row .o_actwin_bars rect.current" },
        { trigger: ".o_data_row:contains('Tenant T01') td[name='partner_id']", run: "click" },
        {
            content: "the panel compares, draws and judges",
            trigger: ".o_actwin_review tfoot:contains('31,306.03')",
        },
        { trigger: ".o_actwin_review section[name='indices']:contains('ST01')" },
        { trigger: ".o_actwin_review details:contains('rules found nothing')" },
        { trigger: "button[name='action_approve']", run: "click" },
        {
            content: "approving one opens the next",
            trigger: "div[name='partner_id']:contains('Tenant T02')",
        },
        { trigger: "button[name='action_approve']", run: "click" },
        { trigger: ".o_notification:contains('Nothing in this list is left to review')" },
        { trigger: stage("approved") },
        { trigger: ".o_back_button, .breadcrumb-item.o_back_button a", run: "click" },
        { trigger: ".o_list_view .o_data_row" },
        { trigger: ".breadcrumb-item a:contains('Tour zone'), .o_back_button:contains('Tour zone')", run: "click" },
        { trigger: stage("approved") },
        ...confirmed("action_post", ".o_actwin_progress:contains('0 / 2')"),
        { trigger: "button[name='action_run_now']", run: "click" },
        { trigger: stage("posted") },
        { trigger: "button[name='action_open_moves']:contains('2')" },
    ],
});
