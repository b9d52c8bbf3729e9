"""Hourly consumption of made tenants, from the set that ``ACTWIN_TEST_DATA`` may point at."""

import ast
import csv
import os
import zipfile
from array import array
from pathlib import Path

HOURS = 8760


def folder():
    """The set's folder, None where it is not there."""
    base = os.environ.get("ACTWIN_TEST_DATA")
    found = Path(base) / "loss" if base else None
    return found if found and (found / "hourly_wh_train24.npz").exists() else None


def tenants(commercial):
    """Numbers of the tenants that nothing happened to: no theft, no vacancy, no change."""
    with (folder() / "truth_train_val.csv").open(newline="") as file:
        return [
            int(row["tenant_id"])
            for row in csv.DictReader(file)
            if row["label"] == "0" and not row["events"] and int(row["tenant_id"]) < 1200
            and row["commercial"] == ("1" if commercial else "0")
        ]  # fmt: skip


def hourly(numbers):
    """{tenant: [Wh of each hour of a year that begins on a Monday, None where missing]}"""
    with zipfile.ZipFile(folder() / "hourly_wh_train24.npz") as archive:
        data = archive.read("wh.npy")
    length = int.from_bytes(data[8:10], "little")
    header = ast.literal_eval(data[10 : 10 + length].decode())
    assert header["descr"] == "<i4" and not header["fortran_order"], header
    values = array("i")
    values.frombytes(data[10 + length :])
    return {
        number: [
            None if value < 0 else value for value in values[number * HOURS : (number + 1) * HOURS]
        ]
        for number in numbers
    }
