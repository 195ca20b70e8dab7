"""A hundred thousand events through payments and notices, with kills."""

import os

import pytest

from tests.event_flood import KILLS, Flood, assert_each_had_its_effect_once

PRACTICES = int(os.environ.get("FLOOD_PRACTICES", "50000"))


@pytest.mark.timeout(3_600)
def test_a_hundred_thousand_events_with_kills_have_one_effect_each(service_database, start_process, amqp_url):
    flood = Flood(PRACTICES, service_database, start_process, amqp_url)
    for service in ("practices", "payments", "notices"):
        service_database(service)
    flood.fill()
    flood.run(within_s=1_800)
    assert flood.killed == [name for victims in KILLS for name in victims]
    assert_each_had_its_effect_once(flood)
