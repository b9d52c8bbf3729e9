# SPDX-License-Identifier: MIT
"""What append returned for survives kill -9, power cuts, full and read-only disks."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from power_cut import SyncedDisk

from actwin_collector.memory import Kept
from actwin_collector.model import Reading
from actwin_collector.outbox import Outbox

T0 = 1772323200


def reading(n):
    return Reading("c", T0 + n, str(n))


def drain(box):
    sent = []
    while batch := box.take():
        sent += batch.readings
        box.ack(batch)
    return sent


@pytest.mark.parametrize("seed", range(4))
def test_a_power_cut_at_any_instant_keeps_all_that_was_taken(tmp_path, seed):
    rng = random.Random(seed)
    disk, told, cuts = SyncedDisk(), [], []

    def cut():
        # in the midst of a write, and later once each append has returned
        if rng.random() < 0.04:
            folder = tmp_path / f"cut{len(cuts)}"
            disk.after_power_cut(folder, rng)
            cuts.append((folder, len(told)))

    with disk.watching():
        box = Outbox(tmp_path / "o.sqlite")
        box._db.execute("PRAGMA wal_autocheckpoint=20")
        disk.on_write = cut
        for n in range(120):
            box.append([reading(n)], marks={"D": T0 + n}, memory={"D": Kept(((n, n + 1),), str(n))})
            told.append(n)
            if rng.random() < 0.1:
                disk.after_power_cut(tmp_path / f"cut{len(cuts)}", rng)
                cuts.append((tmp_path / f"cut{len(cuts)}", len(told)))
        disk.on_write = lambda: None
        box.close()
    assert disk.syncs >= 120  # one a commit at least
    assert len(cuts) > 15
    for folder, count in cuts:
        box = Outbox(folder / "o.sqlite")
        kept = [r.ts - T0 for r in drain(box)]
        assert set(range(count)) <= set(kept) <= set(range(count + 1)), (folder.name, count)
        if count:
            assert box.marks()["D"] in (T0 + count - 1, T0 + count)
        box.close()


def test_the_simulated_disk_would_notice_a_missing_sync(tmp_path):
    disk, rng = SyncedDisk(), random.Random(1)
    with disk.watching():
        box = Outbox(tmp_path / "o.sqlite")
        box._db.execute("PRAGMA synchronous=NORMAL")
        for n in range(30):
            box.append([reading(n)])
        folder = tmp_path / "cut"
        disk.pending = {path: [] for path in disk.pending}
        disk.after_power_cut(folder, rng)
        box.close()
    box = Outbox(folder / "o.sqlite")
    assert len(drain(box)) < 30
    box.close()


WRITER = """
import random, sys
from actwin_collector.memory import Kept
from actwin_collector.model import Reading
from actwin_collector.outbox import Outbox
box = Outbox(sys.argv[1])
first = int(sys.argv[2])
for n in range(first, 10**9):
    rows = [Reading(f"c{k}", 1772323200 + n, str(n)) for k in range(3)]
    box.append(rows, [], [], {"D": n}, {"D": Kept(((n, n + 1),), str(n))})
    print(n, flush=True)
"""


def test_kill_9_at_random_instants_many_times_over(tmp_path):
    rng = random.Random(7)
    path, told = tmp_path / "o.sqlite", []
    for _ in range(12):
        first = told[-1] + 1 if told else 0
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(first)],
            stdout=subprocess.PIPE,
            text=True,
        )
        told.append(int(writer.stdout.readline()))
        time.sleep(rng.uniform(0.0, 0.08))
        os.kill(writer.pid, signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().split()]
        writer.wait()
        writer.stdout.close()
        box = Outbox(path)
        # marks, memory and readings are one: a restart never knows of a slot that is not stored
        mark = box.marks()["D"]
        assert mark in (told[-1], told[-1] + 1)
        assert box.memory()["D"] == Kept(((mark, mark + 1),), str(mark))
        box.close()
    box = Outbox(path)
    sent = drain(box)
    assert {r.ts - T0 for r in sent} >= set(told)
    assert len(sent) == len({(r.channel, r.ts) for r in sent})
    assert all(sum(r.ts == T0 + n for r in sent) == 3 for n in told[::50])
    box.close()


FULL = """
import resource, signal, sys
from actwin_collector.model import Reading
from actwin_collector.outbox import Outbox
from actwin_collector.outbox_schema import OutboxError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
box = Outbox(sys.argv[1])
free = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, free[1]))
taken, refused = 0, 0
for n in range(3000):
    try:
        box.append([Reading("c", 1772323200 + 40 * n + k, "9" * 40) for k in range(40)])
        taken += 1
    except OutboxError as error:
        refused += 1
        if refused == 3:
            break
assert refused == 3, "a full disk was passed over in silence"
resource.setrlimit(resource.RLIMIT_FSIZE, free)
box.append([Reading("c", 1, "1")])
sent = 0
while batch := box.take():
    sent += len(batch.readings)
    box.ack(batch)
print(taken, sent)
"""


def test_a_file_that_may_not_grow_refuses_loudly_and_loses_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "o.sqlite")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    taken, sent = map(int, done.stdout.split())
    assert taken > 10
    assert sent == 40 * taken + 1


MOUNTED = """
import subprocess, sys
from actwin_collector.model import Reading
from actwin_collector.outbox import Outbox
from actwin_collector.outbox_schema import OutboxError, OutboxFull
place = sys.argv[1]
def mount(*options):
    return subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", place]).returncode == 0
if not mount("-o", "size=2m"):
    sys.exit(77)
box = Outbox(place + "/o.sqlite")
taken = []
try:
    for n in range(10**6):
        box.append([Reading("c", 1772323200 + 40 * n + k, "7" * 40) for k in range(40)])
        taken += range(40 * n, 40 * n + 40)
except OutboxFull as error:
    print("full:", error.code)
box.close()
box = Outbox(place + "/o.sqlite")  # a restart on the full disk
try:
    box.append([Reading("c", 5, "1")] * 1 + [Reading("c", 6 + n, "8" * 90) for n in range(3000)])
    print("not refused")
except OutboxError as error:
    print("again:", error.code)
# room is made: all that was taken is there
subprocess.run(["mount", "-o", "remount,size=8m", place], check=True)
box.append([Reading("new", 1772323200, "1")])
box.close()
subprocess.run(["mount", "-o", "remount,ro", place], check=True)
try:
    Outbox(place + "/o.sqlite").append([Reading("new", 1772323201, "1")])
    print("not refused")
except OutboxError as error:
    print("read-only:", error.code)
subprocess.run(["mount", "-o", "remount,rw", place], check=True)
box = Outbox(place + "/o.sqlite")
box.append([Reading("new", 1772323202, "1")])
sent = []
while batch := box.take():
    sent += [r.ts - 1772323200 for r in batch.readings if r.channel == "c"]
    box.ack(batch)
assert sent == taken, (len(sent), len(taken))
print("whole:", len(sent) > 300)
"""


def test_a_full_and_a_read_only_file_system_refuse_loudly_and_lose_nothing(tmp_path):
    unshare = shutil.which("unshare")
    if not unshare:
        pytest.skip("unshare (util-linux) is not installed: no file system can be mounted")
    rights = ["-m"] if os.geteuid() == 0 else ["-r", "-m"]
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(
        [unshare, *rights, sys.executable, "-c", MOUNTED, str(place)],
        capture_output=True,
        text=True,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no right to mount a file system here: {done.stderr.strip()[:100]}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "full: outbox_full",
        "again: outbox_full",
        "read-only: outbox_failed",
        "whole: True",
    ]


TWO = """
import sys
from actwin_collector.model import Reading
from actwin_collector.outbox import Outbox
box = Outbox(sys.argv[1])
if sys.argv[2] == "send":
    idle = 0
    while idle < 40:
        batch = box.take(37)
        if batch is None:
            idle += 1
            import time; time.sleep(0.02)
            continue
        print(*[f"{r.channel}:{r.ts}" for r in batch.readings], flush=True)
        box.ack(batch)
else:
    for n in range(150):
        box.append([Reading(sys.argv[2], n, str(n))])
"""


def test_two_writers_and_two_senders_in_four_processes_lose_nothing(tmp_path):
    path = str(tmp_path / "o.sqlite")
    jobs = [
        subprocess.Popen([sys.executable, "-c", TWO, path, name], stdout=subprocess.PIPE, text=True)
        for name in ("a", "b", "send", "send")
    ]
    outputs = [job.communicate(timeout=60)[0] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0, 0, 0]
    sent = " ".join(outputs).split()
    # a batch may be taken by both senders: Odoo knows it by its id
    assert set(sent) == {f"{name}:{n}" for name in "ab" for n in range(150)}
