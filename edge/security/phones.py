"""Where phones are registered from: which sources are known, and how many usernames each of them has."""

from edge.security.network import covers


class Phones:
    def __init__(self, limit: int) -> None:
        """Args: limit: sources, and usernames of all sources; beyond it who ran out, then the oldest goes."""
        self._limit = limit
        self._until: dict[str, float] = {}
        self._names: dict[str, dict[str, float]] = {}
        self._named = 0

    def add(self, source: str, name: str, until: float, now: float) -> bool:
        """Args: name: who registered, `1001@demo.local`; empty: a source that is known for something else.

        Returns: whether the source is known for longer than before.
        """
        if source not in self._until and len(self._until) >= self._limit:
            self._sweep(now)
        if name:
            names = self._names.setdefault(source, {})
            if name not in names and self._named >= self._limit:
                self._sweep(now)
                names = self._names.setdefault(source, {})
            self._named += name not in names
            names[name] = max(until, names.get(name, 0.0))
        if until <= self._until.get(source, 0.0):
            return False
        self._until[source] = until
        return True

    def until(self, source: str) -> float:
        """Until when somebody stays registered from there [s]; 0: nobody is."""
        return self._until.get(source, 0.0)

    def named(self, source: str, name: str) -> float:
        """Until when this username is registered there [s], its connection may have ended; 0: it is not."""
        return self._names.get(source, {}).get(name, 0.0)

    def count(self, source: str, now: float) -> int:
        """Usernames registered from there."""
        return sum(until > now for until in self._names.get(source, {}).values())

    def within(self, network: str, now: float) -> bool:
        """Whether somebody is registered from `network`, an address or more."""
        if "/" not in network or network in self._until:
            return self.until(network) > now
        return any(until > now and covers(network, source) for source, until in self._until.items())

    # Inside.

    def _sweep(self, now: float) -> None:
        """Make room: an eighth at once, since looking for it costs a look at all."""
        self._until = {source: until for source, until in self._until.items() if until > now}
        self._names = {
            source: left
            for source in self._until
            if (left := {name: end for name, end in self._names.get(source, {}).items() if end > now})
        }
        self._named = sum(map(len, self._names.values()))
        room = self._limit - max(1, self._limit // 8)
        while len(self._until) > room or self._named > room:
            oldest = next(iter(self._until))
            del self._until[oldest]
            self._named -= len(self._names.pop(oldest, {}))
