# SPDX-License-Identifier: MIT
import io
import json
import logging

import pytest

from actwin_collector.logs import JsonFormatter, TextFormatter, about
from actwin_collector.masking import Masker


@pytest.fixture
def logged():
    """Log through both formatters; gives a function that returns text and parsed JSON lines."""
    masker = Masker()
    masker.learn(["top-secret-9"])
    logger = logging.getLogger("actwin_collector.test_logs")
    streams = []
    for formatter in (TextFormatter(masker), JsonFormatter(masker)):
        handler = logging.StreamHandler(io.StringIO())
        handler.setFormatter(formatter)
        logger.addHandler(handler)
        streams.append(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False

    def told():
        text, lines = (handler.stream.getvalue() for handler in streams)
        return text, [json.loads(line) for line in lines.splitlines()]

    yield logger, told
    for handler in streams:
        logger.removeHandler(handler)


def test_each_json_line_is_an_object_that_names_line_and_device(logged):
    logger, told = logged
    with about(line="rs485-1"):
        with about(device="T01"):
            logger.info("read %d registers", 7)
        logger.warning("idle")
    logger.info("outside")
    first, second, third = told()[1]
    assert first["message"] == "read 7 registers"
    assert (first["line"], first["device"]) == ("rs485-1", "T01")
    assert (first["level"], first["logger"]) == ("info", "actwin_collector.test_logs")
    assert first["ts"].endswith("Z") and len(first["ts"]) == 24
    assert second["line"] == "rs485-1" and "device" not in second
    assert "line" not in third


def test_secrets_never_reach_a_log_in_messages_or_tracebacks(logged):
    logger, told = logged
    logger.error("password %s was refused", "top-secret-9")
    try:
        raise ValueError("bad key top-secret-9")
    except ValueError:
        logger.exception("it failed")
    text, lines = told()
    assert "top-secret-9" not in text + json.dumps(lines)
    assert "***" in lines[0]["message"] and "***" in lines[1]["traceback"]
    assert "ValueError" in text


def test_a_message_of_several_lines_stays_one_json_line(logged):
    logger, told = logged
    logger.info("two\nlines")
    assert told()[1][0]["message"] == "two\nlines"
