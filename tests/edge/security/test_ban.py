"""A ban as it is kept."""

from edge.security.ban import Ban, Rule


def test_a_record_has_wall_time_and_counts_what_was_turned_away() -> None:
    ban = Ban("192.0.2.1", Rule.FLOOD, 160.0, count=200, first_seen=90.0, now=100.0, user_agent="x")
    ban.dropped = 5
    record = ban.record(1_000_000, 110.0)
    assert (record.first_seen, record.last_seen, record.expires_at) == (980_000, 990_000, 1_050_000)
    assert (record.rule, record.count, record.lifted_at) == ("flood", 205, None)
    assert ban.record(7, 110.0, lifted_at=7).lifted_at == 7
