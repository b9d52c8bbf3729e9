"""``actwin price``: what it prints and what it refuses."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from actwin_billing_core import cli_price
from actwin_billing_core.recheck import recheck
from billing_cases import case, distribution, energy

SCRIPT = Path(cli_price.__file__)


def sample():
    return case([energy("2.5"), distribution("0.5")], {"active_import": "1000"})


def run(tmp_path, data, capsys):
    path = tmp_path / "case.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    code = cli_price.main([str(path)])
    return code, capsys.readouterr()


def test_prints_the_bill_as_json(tmp_path, capsys):
    code, answer = run(tmp_path, sample(), capsys)
    bill = json.loads(answer.out)
    assert (code, bill["totals"]["total"]) == (0, "3750.00")
    assert bill["lines"][0]["trace"]["formula"] == "1000.000 kWh × 2.5 TRY/kWh = 2500.00 TRY"
    assert bill["taxes"][0]["formula"] == "2500.00 TRY × 5 % = 125.00 TRY"


def test_runs_as_a_program_of_its_own(tmp_path):
    path = tmp_path / "case.json"
    path.write_text(json.dumps(sample()), encoding="utf-8")
    done = subprocess.run([sys.executable, str(SCRIPT), str(path)], capture_output=True,
                          text=True, timeout=60, check=False)
    assert (done.returncode, json.loads(done.stdout)["totals"]["total"]) == (0, "3750.00")


def test_the_example_of_the_help_prices_as_it_says(tmp_path, capsys):
    example = cli_price.HELP.split("Example:")[1].split("prices to")[0]
    code, answer = run(tmp_path, example, capsys)
    assert (code, json.loads(answer.out)["totals"]["total"]) == (0, "31306.03")


@pytest.mark.parametrize(("path", "value", "where"), [
    (("quantities", "active_import"), "NaN", "quantities.active_import"),
    (("quantities", "active_import"), "1e999", "quantities.active_import"),
    (("quantities", "active_import"), True, "quantities.active_import"),
    (("quantities", "active_import"), [], "quantities.active_import"),
    (("period", "end"), "2025-11-01T00:00:00+03:00", "period.end"),
    (("period", "end"), "2025-12-01T00:00:00", "period.end"),
    (("period", "start"), 7, "period.start"),
    (("surprise",), 1, "surprise"),
    (("schema",), 2, "schema"),
    (("tariff", "versions", 0, "components", 0, "kind"), "magic", "components[0].kind"),
    (("tariff", "versions", 0, "components", 0, "taxes"), ["ghost"], "energy"),
    (("tariff", "versions", 0, "components", 1, "key"), "energy", "components"),
    (("tariff", "versions", 0, "components", 0, "prize"), "1", "components[0].prize"),
    (("subscriber",), {"transformer": {"mode": "warp"}}, "subscriber.transformer.mode"),
    (("rounding",), {"money": 99}, "rounding.money"),
    (("rounding",), {"mode": []}, "rounding.mode"),
    (("overrides",), {"ghost": {"amount": "1", "reason": "x"}}, "overrides.ghost"),
    (("overrides",), [], "overrides"),
    (("adjustments",), {}, "adjustments"),
])
def test_refuses_with_the_path_of_the_mistake(tmp_path, capsys, path, value, where):
    data = sample()
    target = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    code, answer = run(tmp_path, data, capsys)
    assert code == 2
    assert where in answer.err and answer.err.count("\n") == 1 and not answer.out


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100000, '{"schema": 1}'])
def test_garbage_is_refused_in_one_line(tmp_path, capsys, text):
    code, answer = run(tmp_path, text, capsys)
    assert code == 2 and answer.err.count("\n") == 1


def test_a_missing_file_is_refused_in_one_line(capsys):
    assert cli_price.main(["/nonexistent/case.json"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(("where", "key", "value"), [
    (("lines", 0), "amount", "2500.01"), (("totals",), "total", "3750.01"),
    (("taxes", 1), "amount", "624.99"), (("taxes", 0), "base", "2499.00"),
])
def test_the_independent_recomputation_notices_a_kurus(where, key, value):
    data = sample()
    bill = cli_price.priced(json.dumps(data))
    assert recheck(data, bill) == []
    broken = target = copy.deepcopy(bill)
    for step in where:
        target = target[step]
    target[key] = value
    assert recheck(data, broken)


def test_the_independent_recomputation_compares_quantities_with_the_registers():
    data = sample()
    bill = cli_price.priced(json.dumps(data))
    data["quantities"]["active_import"] = "1001"
    assert len(recheck(data, bill)) == 2
