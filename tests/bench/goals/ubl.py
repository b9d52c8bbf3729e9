"""UBL-TR files (G18): built, checked and attached, against the export alone."""

import bills
import measure
import zone


def main(env):
    run = bills.new_run(env, zone.SITE)
    bills.compute(env, run)
    bills.post(env, run)
    moves = run.bill_ids.move_id
    env.flush_all()

    def ours(_number):
        with env.cr.savepoint():
            moves.action_actwin_generate_ubl()
            env.flush_all()
        statuses = set(moves.mapped("actwin_ubl_status"))
        if statuses != {"ready"}:
            raise SystemExit(f"files were not written: {moves[0].actwin_ubl_message}")

    def bare(_number):
        exporter = env["account.edi.xml.ubl.tr"]
        for move in moves:
            exporter._export_invoice(move)

    def afresh(work):
        def prepared(number):
            env.invalidate_all()
            return lambda: work(number)

        return prepared

    times = measure.alternate({"bare": afresh(bare), "ours": afresh(ours)}, rounds=3)
    env.cr.rollback()
    milliseconds = {
        name: [value / len(moves) * 1000 for value in values] for name, values in times.items()
    }
    name = f"UBL-TR files of {len(moves)} invoices vs _export_invoice"
    measure.write(
        [
            measure.at_most(
                "G18", name, milliseconds["ours"], milliseconds["bare"], 1.2, "ms/invoice"
            )
        ]
    )
