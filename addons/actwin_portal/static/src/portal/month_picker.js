import { Interaction } from "@web/public/interaction";
import { registry } from "@web/core/registry";

/** Goes to the month as soon as one is picked; without scripts the form has a button. */
export class MonthPicker extends Interaction {
    static selector = ".o_actwin_month";
    dynamicContent = {
        select: { "t-on-change": this.onChange },
    };

    onChange() {
        this.el.requestSubmit();
    }
}

registry.category("public.interactions").add("actwin_portal.month_picker", MonthPicker);
