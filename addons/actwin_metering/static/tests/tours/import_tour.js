import { registry } from "@web/core/registry";

const row = (n) => `T${n}\tAtölye ${n}\t1.8.0\tST${n}\tFirma ${n % 40}\t${n % 10 ? "1,5" : "çok"}`;
const TEXT = ["Nokta kodu\tAd\tKanallar\tSayaç no\tAbone\tSözleşme gücü (kW)"];
for (let n = 0; n < 1000; n++) {
    TEXT.push(row(n));
}

const ATTEMPTS = 4;

/** Steps that wait together longer than one may: a thousand rows take their time. */
function patiently(selector, text) {
    const run = (last) => async () => {
        const deadline = Date.now() + 45000;
        while (Date.now() < deadline) {
            const found = [...document.querySelectorAll(selector)];
            if (found.some((el) => el.textContent.includes(text))) {
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        if (last) {
            throw new Error(`${selector} never showed ${text}`);
        }
    };
    return [...Array(ATTEMPTS).keys()].map((n) => ({
        trigger: ".o_actwin_import",
        run: run(n === ATTEMPTS - 1),
        timeout: 60000,
    }));
}

registry.category("web_tour.tours").add("actwin_metering_paste_a_thousand", {
    steps: () => [
        {
            trigger: ".o_actwin_import_paste",
            run: ({ anchor }) => {
                const clipboardData = new DataTransfer();
                clipboardData.setData("text/plain", TEXT.join("\r\n"));
                anchor.dispatchEvent(
                    new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true })
                );
            },
        },
        ...patiently(".o_actwin_import_faulty", "100"),
        { trigger: ".o_actwin_import_faulty:contains(100)", run: "click" },
        { trigger: ".o_actwin_import_row td.table-danger" },
        { trigger: ".o_actwin_import_run:enabled:contains(900)", run: "click" },
        ...patiently(".o_actwin_import_done", "900"),
        { trigger: ".o_actwin_import_undo:enabled", run: "click" },
        { trigger: ".modal-footer .btn-primary", run: "click" },
        ...patiently(".o_actwin_import_undone", "900"),
    ],
});
