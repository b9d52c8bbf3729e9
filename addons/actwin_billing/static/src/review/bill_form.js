import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";

const OPEN = ["draft", "checked", "blocked"];

/** Form of a control invoice: approving one goes on to the next that waits for review. */
export class ActwinBillFormController extends FormController {
    setup() {
        super.setup();
        this.notification = useService("notification");
    }

    async afterExecuteActionButton(clickParams) {
        await super.afterExecuteActionButton(clickParams);
        if (clickParams.name === "action_approve") {
            await this.openNext();
        }
    }

    async openNext() {
        const { resId, resIds, resModel } = this.model.root;
        const at = resIds.indexOf(resId);
        const others = [...resIds.slice(at + 1), ...resIds.slice(0, Math.max(at, 0))];
        const open = await this.orm.search(resModel, [
            ["id", "in", others],
            ["state", "in", OPEN],
        ]);
        const next = others.find((id) => open.includes(id));
        if (next) {
            await this.model.load({ resId: next });
        } else {
            this.notification.add(_t("Nothing in this list is left to review."), {
                type: "success",
            });
        }
    }
}

registry.category("views").add("actwin_bill_form", {
    ...formView,
    Controller: ActwinBillFormController,
});
