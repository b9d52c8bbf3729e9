# SPDX-License-Identifier: MIT
"""The example driver, installed by pip into a fresh environment: the collector needs no change."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from field_rig import site

EXAMPLE = Path(__file__).parents[2] / "examples/actwin-collector-pulse"
VALUE = ">05;PC000123;1234;0;0;77;00*B6\r"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A new environment that sees this one's packages, with the example installed by pip."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    inside = folder / "bin/python"
    packages = next(folder.glob("lib/python3*/site-packages"))
    # Dependencies, pip and setuptools come from here: the test must not need a network.
    seen = sysconfig.get_path("purelib")
    (packages / "parent.pth").write_text(f"import site; site.addsitedir({seen!r})\n")
    copy = folder / "example"
    subprocess.run(["cp", "-r", EXAMPLE, copy], check=True)
    subprocess.run(
        [inside, "-m", "pip", "install", "-q", "--no-deps", "--no-index",
         "--no-build-isolation", "--disable-pip-version-check", copy],
        check=True, capture_output=True, text=True,
    )
    return inside


@pytest.fixture
def collector(python, tmp_path):
    def run(*words):
        return subprocess.run(
            [python, "-m", "actwin_collector", *map(str, words)],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )

    return run


@pytest.fixture
def module(python):
    """The example's own simulator in a process; gives its port."""
    process = subprocess.Popen(
        [python, "-m", "actwin_collector_pulse"], stdout=subprocess.PIPE, text=True
    )
    yield int(process.stdout.readline())
    process.terminate()
    process.wait(10)
    process.stdout.close()


def water(address):
    return {
        "driver": "pulse", "address": address,
        "settings": {"units": {"counter1": "m3"}, "per_pulse": {"counter1": "0.01"}},
        "parameters": [{"register": "counter1", "channel": "C1/W:v", "unit": "m3"}],
    }


def test_the_collector_finds_reads_and_traces_with_it(collector, module, tmp_path):
    path = site(tmp_path, water("5"), {"port": module})
    read = collector("read", "T", "--config", path, "--json")
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout)["channels"] == {"C1/W:v": "12.35"}
    traced = collector("trace", "T", "--config", path)
    assert "request to module 05" in traced.stdout and "serial PC000123" in traced.stdout
    assert collector("check", "--read", "--config", path).stdout.splitlines()[-1] == "ok"


def test_it_decodes_and_scans(collector, module, tmp_path):
    decoded = collector("decode", "--protocol", "pulse", "--json", VALUE.encode().hex())
    found = json.loads(decoded.stdout)
    assert found["meter"]["id"] == "PC000123" and found["records"][3]["value"] == "77"
    path = site(tmp_path, water("5"), {"port": module})
    scanned = collector(
        "scan", "L1", "--driver", "pulse", "--addresses", "3-6", "--timeout", "0.2",
        "--config", path,
    )
    assert "PC000123" in scanned.stdout and "1 found" in scanned.stdout


def test_check_names_its_mistakes(collector, module, tmp_path):
    path = site(tmp_path, water("9"), {"port": module})
    done = collector("check", "--read", "--json", "--config", path)
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["code"], finding["value"]) == ("wrong_address", "5")


def test_without_the_package_the_driver_is_unknown(tmp_path):
    path = site(tmp_path, water("5"), {"port": 1})
    done = subprocess.run(
        [sys.executable, "-m", "actwin_collector", "read", "T", "--config", path],
        capture_output=True, text=True, timeout=60, check=False,
    )
    assert done.returncode == 1 and "unknown driver 'pulse'" in done.stderr


def test_its_own_tests_pass(python):
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests"],
        cwd=EXAMPLE / "tests", capture_output=True, text=True, timeout=120, check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
