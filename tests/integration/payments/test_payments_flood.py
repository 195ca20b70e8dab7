"""A small share of tests/events/: many events through payments and notices while processes are killed."""

import pytest

from tests.event_flood import KILLS, Flood, assert_each_had_its_effect_once

PRACTICES = 600


@pytest.mark.timeout(300)
def test_events_with_kills_of_consumers_and_relay_have_one_effect_each(service_database, start_process, amqp_url):
    flood = Flood(PRACTICES, service_database, start_process, amqp_url)
    for service in ("practices", "payments", "notices"):
        service_database(service)
    flood.fill()
    flood.run(within_s=120)
    assert flood.killed == [name for victims in KILLS for name in victims]
    assert_each_had_its_effect_once(flood)
