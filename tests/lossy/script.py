"""A random script of calls between stations: who calls whom and how, what they do meanwhile, how it ends."""

from dataclasses import replace
from random import Random

from edge.directory import Forwarding
from edge.sip.answering import AnsweringSession
from edge.sip.session import State
from tests.support.directory import FakeDirectory
from tests.support.station import Station, Talk
from tests.support.town import Town

NUMBERS = ("1002", "1002", "1003", "1004", "1005", "*43", "7777", "12025550199")
"Two devices, a forward if busy, one without an answer, one in sequence; the echo, nobody, two trunks."
LINGER = 64 * 0.5 + 1.0
"64·T1 [s], and the wire."
VERBS = ("hold", "resume", "update", "info", "options", "transfer", "consult", "watch", "text")


def directory() -> FakeDirectory:
    """1001 calls; who is called has one phone each, 1002 and 1005 two."""
    made = FakeDirectory()
    for number, *usernames in (
        ("1001",),
        ("1002", "1002", "1002b"),
        ("1003",),
        ("1004",),
        ("1005", "1005", "1005b"),
    ):
        made.add_user(number, *usernames)
    made.users["1003"] = replace(made.users["1003"], forward=Forwarding(busy="1002"))
    made.users["1004"] = replace(made.users["1004"], forward=Forwarding(no_answer="1002"), ring_time=8.0)
    made.users["1005"] = replace(made.users["1005"], ring="sequential", ring_time=6.0)
    made.add_trunk("first", "sip:127.0.0.21:5060", max_channels=2)
    made.add_trunk("second", "sip:127.0.0.22:5060", max_channels=2, default=True)
    made.routes["1202"] = ["first", "second"]
    return made


class Script:
    """One town with its callers and callees; all that is random comes from `random`."""

    def __init__(self, random: Random, *, loss: float = 0.2, duplication: float = 0.1) -> None:
        self.random = random
        self.town = Town(
            directory(), seed=random.getrandbits(32), loss=loss, duplication=duplication, delay=(0.005, 0.9)
        )
        expires = random.choice((90, 240, 1_800))
        self.callers = [self.town.station("1001", "127.0.0.11", self._picks_up, session_expires=expires)]
        names = ("1002", "1002b", "1003", "1004", "1005", "1005b")
        self.callees = [
            self.town.station(name, f"127.0.0.{12 + n}", self._picks_up, session_expires=expires)
            for n, name in enumerate(names)
        ]
        for n in (21, 22):
            self.town.station("trunk", f"127.0.0.{n}", self._picks_up)
        for station in self.town.stations.values():
            station.updates = random.random() < 0.5

    def play(self) -> None:
        """Register, then up to three calls, with whatever happens in them."""
        town, random = self.town, self.random
        for phone in (*self.callers, *self.callees):
            town.at(random.uniform(0.0, 2.0), lambda phone=phone: phone.register(town.now, 86_400))
        town.run(40.0)
        for _ in range(random.choice((1, 1, 2, 3))):
            caller = random.choice((*self.callers, *self.callees[:3]))
            town.at(random.uniform(0.0, 10.0), lambda caller=caller: self._call(caller))
        town.run(random.choice((25.0, 60.0, 130.0)))

    def end(self) -> None:
        """Everybody hangs up; who has lost its power is noticed by the other or by the audio."""
        town = self.town
        for _ in range(3):  # a call that was on its way may be up only now
            for station in town.stations.values():
                for talk in station.talks:
                    if talk.session.state is not State.ENDED:
                        station.hang_up(talk, town.now)
            town.silence()
            town.run(2 * LINGER)

    # Inside.

    def _call(self, caller: Station) -> None:
        random, town = self.random, self.town
        headers = (("Require", "100rel"),) if random.random() < 0.2 else ()
        number = random.choice(NUMBERS)
        talk = caller.dial(number, town.now, offer=random.random() < 0.8, headers=headers)
        self._go_on(caller, talk)

    def _picks_up(self, station: Station, session: AnsweringSession, now: float) -> None:
        """What a callee does with a call."""
        random, town = self.random, self.town
        wait = random.uniform(0.0, 3.0)
        for status in random.sample((180, 183, 180), random.randint(0, 2)):
            body = station.sdp() if status == 183 and session.offer else b""

            def progress(status: int = status, body: bytes = body) -> None:
                session.progress(status, body, town.now)
                station.settle(town.now)

            town.at(wait, progress)
            wait += random.uniform(0.0, 3.0)
        match random.randint(0, 9):
            case 0:
                status = random.choice((302, 404, 480, 486, 488, 500, 503, 603))
                contact = (("Contact", "<sip:1003@demo.local>"),) if status == 302 else ()

                def refuse() -> None:
                    session.reject(status, town.now, contact)
                    station.settle(town.now)

                town.at(wait, refuse)
            case 1:
                pass  # it rings, and nobody is there
            case _:

                def accept() -> None:
                    session.accept(station.sdp(), town.now)
                    station.settle(town.now)

                town.at(wait, accept)
        talk = next(talk for talk in station.talks if talk.session is session)
        self._go_on(station, talk)

    def _go_on(self, station: Station, talk: Talk) -> None:
        random, town = self.random, self.town
        for _ in range(random.randint(0, 3)):
            verb = random.choice(VERBS)
            town.at(random.uniform(1.0, 25.0), lambda verb=verb: self._do(station, talk, verb))
        match random.randint(0, 9):
            case 0 | 1 | 2 | 3 | 4:
                town.at(random.uniform(0.0, 20.0), lambda: station.hang_up(talk, town.now))
            case 5:

                def dies() -> None:
                    station.dead = True

                town.at(random.uniform(0.0, 20.0), dies)
            case _:
                pass  # until the end

    def _do(self, station: Station, talk: Talk, verb: str) -> None:
        now = self.town.now
        match verb:
            case "hold":
                station.inside(talk, "INVITE", now, body=station.sdp("sendonly", 2))
            case "resume":
                station.inside(talk, "INVITE", now, body=station.sdp("sendrecv", 3))
            case "update":
                station.inside(talk, "UPDATE", now, body=station.sdp("sendrecv", 4))
            case "info" | "options":
                station.inside(talk, verb.upper(), now)
            case "transfer":
                to = self.random.choice(("1003", "*43", "7777", "12025550199"))
                station.inside(talk, "REFER", now, headers=(("Refer-To", f"<sip:{to}@demo.local>"),))
            case "consult":
                self._consult(station, talk)
            case "watch":
                package = self.random.choice(("dialog", "presence", "message-summary", "reg"))
                number = station.number if package in ("message-summary", "reg") else "1002"
                station.subscribe(package, number, now, 60)
            case "text":
                station.ask("MESSAGE", "sip:1003@demo.local", now, body=b"hello", content_type="text/plain")

    def _consult(self, station: Station, talk: Talk) -> None:
        """An attended transfer (RFC 5589 §7): a second call, and a REFER that joins both."""
        town = self.town
        if talk.session.state is not State.CONFIRMED or station.number == "trunk":
            return
        other = station.dial("1003", town.now)

        def join() -> None:
            dialog = other.session.dialog
            if dialog is None:
                return
            replaces = f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"
            escaped = replaces.replace(";", "%3B").replace("=", "%3D")
            target = f"<sip:1003@demo.local?Replaces={escaped}>"
            station.inside(talk, "REFER", town.now, headers=(("Refer-To", target),))

        town.at(self.random.uniform(2.0, 10.0), join)
