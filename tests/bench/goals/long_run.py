"""A run of 1,000 invoices: memory (G14), and whether it slows down (G15).

The ends of the run lie minutes apart, so they are compared in processor time, Odoo's and that of
its database process: elapsed time would tell what else the machine did meanwhile.
"""

import os
import statistics
import time
from pathlib import Path

import bills
import measure
import zone

_EDGE = 5
"""Chunks at either end that are compared; the very first one also warms up."""

_MEGABYTES = 60.0


class Watch:
    """Processor time and resident memory after each chunk, every one committed."""

    def __init__(self, env):
        self._env = env
        env.cr.execute("SELECT pg_backend_pid()")
        self._backend = Path(f"/proc/{env.cr.fetchone()[0]}/stat")
        self._last = self._used()
        self.seconds = []
        self.memory = []

    def __call__(self):
        self._env.cr.commit()
        now = self._used()
        self.seconds.append(now - self._last)
        self.memory.append(_resident())
        self._last = now

    def restart(self):
        """Forget the chunks so far, but not their memory."""
        self._last = self._used()
        self.seconds.clear()

    def _used(self):
        """Processor seconds of this process and of its database process so far."""
        fields = self._backend.read_text(encoding="ascii").rpartition(") ")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def main(env):
    run = bills.new_run(env, zone.LATER_SITE)
    watch = Watch(env)
    bills.compute(env, run, watch)
    watch.restart()
    bills.post(env, run, watch)
    growth = watch.memory[-1] - watch.memory[0]
    first = statistics.median(watch.seconds[1 : 1 + _EDGE])
    last = statistics.median(watch.seconds[-_EDGE:])
    number = len(run.bill_ids)
    memory = f"memory gained over a run of {number} invoices vs 60 MB"
    pace = "its last chunks vs its first ones"
    measure.write(
        [
            measure.at_most("G14", memory, growth, _MEGABYTES, 1, "MB"),
            measure.at_most("G15", pace, last, first, 1.1, "s/chunk"),
        ]
    )


def _resident():
    """Resident memory of this process in MB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the kernel does not tell the resident memory")
