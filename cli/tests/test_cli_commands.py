"""The command line answers bad input with one line and an exit code, never a traceback."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def actwin(*arguments, **options):
    return subprocess.run(
        [str(ROOT / "bin" / "actwin"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


@pytest.mark.parametrize("command", ["demo", "status", "price", "backup", "restore"])
def test_every_command_explains_itself(command, tmp_path):
    done = actwin(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "usage" in done.stdout.lower()


@pytest.mark.parametrize(
    "arguments",
    [
        ("price", "no-such-file.json"),
        ("restore", "no-such-archive.tar.gz", "actwin_nowhere"),
    ],
)
def test_bad_input_is_one_line(arguments):
    done = actwin(*arguments)
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_restore_refuses_what_is_no_backup(tmp_path):
    archive = tmp_path / "readings.tar.gz"
    archive.write_bytes(b"not an archive")
    done = actwin("restore", archive, "actwin_nowhere")
    assert done.returncode == 1
    assert "is no backup" in done.stderr


def test_price_answers_json_for_standard_input():
    done = actwin("price", "-", input=json.dumps({"nothing": "of use"}))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
