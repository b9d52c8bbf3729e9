# SPDX-License-Identifier: MIT
"""What a meter with a message counter sends is stored once, wherever the process dies."""
import asyncio

import pytest
from heard_rig import DRIVERS, STEPS, Killed, Site, messages
from push_support import PERIOD, Field, StepClock, device, free_port, line
from test_push_restart import DiskStore

from actwin_collector.listening import intake as intake_module
from actwin_collector.listening.intake import Source
from actwin_collector.listening.repeats import DUPLICATE_SECONDS
from actwin_collector.model import CollectorError
from actwin_collector.outbox_schema import OutboxFull

kinds = pytest.mark.parametrize("kind", DRIVERS)


def run(kind, tmp_path, scenario):
    async def go():
        site = Site(kind, tmp_path)
        await site.start()
        await scenario(site, messages(kind))

    asyncio.run(go())


def full(site, times=1):
    """Let the outbox refuse so many times."""
    append = site.field.store.outbox.append
    left = [times]

    def refuse(*args):
        if left[0] > 0:
            left[0] -= 1
            raise OutboxFull("no room")
        return append(*args)

    site.field.store.outbox.append = refuse


@kinds
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("late", [False, True])
def test_a_process_that_dies_at_any_step_neither_loses_nor_doubles(kind, step, late, tmp_path):
    async def scenario(site, sent):
        message = next(sent)
        site.kill_at(step)
        with pytest.raises(Killed):
            await site.hear(message)
        await site.kill()
        site.clock.pass_time(PERIOD if late else 1)
        await site.start()
        kept = step in ("committed", "confirmed")
        # The sender was not answered, so it repeats; the answer is the truth.
        assert await site.hear(message) == ("duplicate" if kept else "taken")
        site.clock.pass_time(DUPLICATE_SECONDS + 1)
        assert await site.hear(message) == "replayed"
        await site.kill()
        await site.start()
        site.clock.pass_time(DUPLICATE_SECONDS + 1)
        assert await site.hear(message) in ("duplicate", "replayed")
        site.clock.pass_time(DUPLICATE_SECONDS + 1)
        assert await site.hear(message) == "replayed"
        # A value that was kept is of the slot in which it came, not of its repetition.
        assert await site.finish() == [2 * PERIOD if late and not kept else PERIOD]

    run(kind, tmp_path, scenario)


@kinds
@pytest.mark.parametrize("step", ["committed", "confirmed"])
def test_what_was_kept_is_refused_after_a_restart_that_hears_others_first(kind, step, tmp_path):
    async def scenario(site, sent):
        first, second = next(sent), next(sent)
        site.kill_at(step)
        with pytest.raises(Killed):
            await site.hear(first)
        await site.kill()
        await site.start()
        assert await site.hear(second) == "taken"
        await site.kill()
        await site.start()
        site.clock.pass_time(DUPLICATE_SECONDS + 1)
        assert await site.hear(first) == "replayed"

    run(kind, tmp_path, scenario)


@kinds
def test_a_counter_is_durable_after_a_restart_although_nobody_repeats(kind, tmp_path):
    async def scenario(site, sent):
        message = next(sent)
        site.kill_at("committed")
        with pytest.raises(Killed):
            await site.hear(message)
        await site.kill()
        await site.start()
        assert len(site.state.heard) == 1
        await site.field.scheduler.stop()  # its last save confirms
        assert len(site.state.heard) == 0
        site.field.store.outbox.close()
        await site.start()
        with pytest.raises(CollectorError) as caught:
            site.state.driver.open_heard(message, site.state.spec)
        assert caught.value.code == "replayed"
        await site.field.scheduler.stop()

    run(kind, tmp_path, scenario)


@kinds
@pytest.mark.parametrize("pause", [1, DUPLICATE_SECONDS + 1, PERIOD])
def test_a_full_outbox_with_room_again_takes_the_repetition_as_one(kind, pause, tmp_path):
    async def scenario(site, sent):
        message = next(sent)
        full(site, 3)
        assert await site.hear(message) == "outbox_full"
        assert await site.hear(message) == "outbox_full"
        site.clock.pass_time(pause)
        site.state.readings += site.state.keeper.close(site.clock.wall())
        while (answer := await site.hear(message)) == "outbox_full":
            pass
        assert answer == "duplicate"
        site.clock.pass_time(DUPLICATE_SECONDS + 1)
        assert await site.hear(message) == "replayed"
        assert await site.hear(next(sent)) == "taken"
        later = 2 * PERIOD if pause == PERIOD else PERIOD
        assert await site.finish() == sorted({PERIOD, later})

    run(kind, tmp_path, scenario)


@kinds
def test_a_process_that_dies_with_a_full_outbox_takes_the_repetition(kind, tmp_path):
    async def scenario(site, sent):
        message = next(sent)
        full(site, 10**6)
        assert await site.hear(message) == "outbox_full"
        await site.kill()
        await site.start()
        assert await site.hear(message) == "taken"
        assert await site.finish() == [PERIOD]

    run(kind, tmp_path, scenario)


@kinds
def test_a_counter_that_cannot_be_written_is_tried_again_before_the_answer(kind, tmp_path):
    async def scenario(site, sent):
        message, driver = next(sent), site.state.driver
        confirm = driver.confirm_heard

        def refuse(*args):
            raise CollectorError("no room", "counter_store")

        driver.confirm_heard = refuse
        assert await site.hear(message) == "counter_store"
        assert await site.hear(message) == "counter_store"
        driver.confirm_heard = confirm
        assert await site.hear(message) == "duplicate"
        await site.kill()
        await site.start()
        site.clock.pass_time(DUPLICATE_SECONDS + 1)
        with pytest.raises(CollectorError, match="is not above|heard before"):
            site.state.driver.open_heard(message, site.state.spec)
        assert await site.finish() == [PERIOD]

    run(kind, tmp_path, scenario)


@kinds
def test_values_that_were_let_go_do_not_use_up_the_counter(kind, tmp_path, monkeypatch):
    async def scenario(site, sent):
        message = next(sent)
        with monkeypatch.context() as patch:
            patch.setattr(intake_module, "merge", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                await site.hear(message)
        assert await site.hear(message) == "taken"
        assert await site.finish() == [PERIOD]

    run(kind, tmp_path, scenario)


@kinds
def test_a_change_of_the_site_forgets_no_counter(kind, tmp_path):
    async def scenario(site, sent):
        message, outbox, old = next(sent), site.field.store.outbox, site.state
        append = outbox.append
        full(site, 10**6)
        assert await site.hear(message) == "outbox_full"
        site.field.site.lines["L1"] = line("http", port=free_port(), secret="other")
        await site.field.scheduler.apply(site.field.site, {})
        assert site.state is not old and site.state.driver is not old.driver
        with pytest.raises(CollectorError, match="is not above|heard before"):
            site.state.driver.open_heard(message, site.state.spec)
        outbox.append = append
        assert await site.hear(message) == "duplicate"
        site.clock.pass_time(DUPLICATE_SECONDS + 1)
        assert await site.hear(message) == "replayed"
        assert await site.finish() == [PERIOD]

    run(kind, tmp_path, scenario)


@pytest.mark.parametrize("kind", ["beep"])
def test_a_repetition_without_a_counter_is_no_fresh_value_of_a_later_slot(kind, tmp_path):
    async def go():
        store = DiskStore(tmp_path / "outbox.sqlite")
        clock = StepClock(1772323200 + 100)
        lines = [line("http", port=free_port(), secret="s3cret")]
        async with Field(lines, [device("M1")], tmp_path, store, clock) as field:
            intake = field.scheduler.intake
            source = Source(lines[0], field.health())
            [heard] = field.driver.listener({}).message(b"@M1 5")
            append, store.outbox.append = store.outbox.append, lambda *_: 1 / 0
            with pytest.raises(ZeroDivisionError):
                await intake.hear(source, kind, heard)
            store.outbox.append = append
            clock.pass_time(PERIOD)
            field.state("M1").readings += field.state("M1").keeper.close(clock.wall())
            assert (await intake.hear(source, kind, heard)).fate == "duplicate"
            # The same bytes after that are a meter that stands still.
            clock.pass_time(DUPLICATE_SECONDS + 1)
            assert (await intake.hear(source, kind, heard)).fate == "taken"
            field.state("M1").readings += field.state("M1").keeper.close(clock.wall() + PERIOD)
        assert [each.ts - 1772323200 for each in store.outbox.take().readings] == [900, 1800]
        store.outbox.close()

    asyncio.run(go())
