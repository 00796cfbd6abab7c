"""The bans in force: how they end, and what gives way beyond the limit (S004-74)."""

from edge.security.ban import Ban, BanRecord, Rule
from edge.security.bans import Bans
from tests.support.security import FakeKeeper

WALL = 1_000_000


class Site:
    def __init__(self, limit: int = 3) -> None:
        self.keeper = FakeKeeper()
        self.over: list[str] = []
        self.bans = Bans(limit, self.keeper, lambda now: WALL + round(now * 1000), self.over.append)

    def put(self, network: str, seconds: float, now: float = 0.0) -> Ban:
        ban = Ban(network, Rule.MANUAL, now + seconds, count=0, first_seen=now, now=now)
        self.bans.put(ban, seconds, now)
        return ban


def test_a_ban_ends_by_itself_and_its_source_is_told() -> None:
    site = Site()
    ban = site.put("198.51.100.7", 60.0)
    site.bans.expire(59.9)
    assert len(site.bans) == 1 and site.over == []
    site.bans.expire(60.0)
    assert len(site.bans) == 0 and site.over == ["198.51.100.7"] and ban.until == 0.0
    assert site.keeper.over[0].lifted_at is None


def test_one_that_is_set_anew_lasts_as_long_as_the_last() -> None:
    site = Site()
    site.put("198.51.100.7", 60.0)
    site.put("198.51.100.7", 100.0)
    site.bans.expire(60.0)
    assert [record.expires_at for record in site.bans.records(60.0)] == [WALL + 100_000]
    assert site.bans.begun[Rule.MANUAL] == 2


def test_beyond_the_limit_the_one_that_would_end_first_gives_way() -> None:
    site = Site(limit=2)
    for network, seconds in (("10.0.0.1", 50.0), ("10.0.0.2", 20.0), ("10.0.0.3", 40.0)):
        site.put(network, seconds)
    assert site.over == ["10.0.0.2"] and site.keeper.over[0].lifted_at == WALL


def test_lifting_ends_exactly_that_network_or_all_that_are_inside() -> None:
    site = Site()
    for network in ("10.0.0.1", "10.0.0.0/24", "10.9.0.1"):
        site.put(network, 50.0)
    assert not site.bans.lift("10.0.0.2", 1.0) and site.bans.lift("10.0.0.1", 1.0)
    assert site.bans.lift_within("10.0.0.0/16", 1.0) == ["10.0.0.0/24"]
    assert [record.network for record in site.bans.records(1.0)] == ["10.9.0.1"]


def test_a_host_of_a_banned_prefix_is_lifted_with_it() -> None:
    site = Site()
    site.put("2001:db8:0:1::/64", 50.0)
    assert site.bans.lift_within("2001:db8:0:1::5", 1.0) == ["2001:db8:0:1::/64"]


def test_after_a_restart_bans_go_on_and_those_that_ran_out_do_not() -> None:
    site = Site()
    kept = BanRecord("10.0.0.1", "flood", 7, WALL - 5_000, WALL - 1_000, WALL + 60_000)
    gone = BanRecord("10.0.0.2", "flood", 7, WALL - 5_000, WALL - 1_000, WALL)
    site.bans.load([kept, gone], 0.0)
    assert site.bans.records(0.0) == [kept] and site.bans.begun[Rule.FLOOD] == 0
    site.bans.expire(60.0)
    assert len(site.bans) == 0
