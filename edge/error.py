"""Refusals: what the edge says when it is asked for something that it will not do.

One family for every door: the SIP edge turns a `Refusal` into its status with a Reason or
Warning of the same code, an HTTP surface into its own envelope. `code` is stable and may be
programmed against; `text` is for people and `fix` says what to change to get through.
"""

from config.value import dataclass
from edge.sip.grammar import quote


@dataclass(frozen=True, slots=True)
class Refusal:
    code: str
    "Stable, snake case: `no_such_number`, `account_limit`…"
    status: int
    "SIP status, 400–699."
    text: str
    fix: str
    "What the operator or caller changes to get through."
    retry_after: int | None = None
    "[s]"
    warning: int = 399
    "Code of the Warning: 300–305 where a description is at fault, else 399 (RFC 3261 §20.43)."

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Warning (RFC 3261 §20.43) with the code, and Retry-After where there is one."""
        warning = f"{self.warning} tandem {quote(f'{self.code}: {self.text}')}"
        if self.retry_after is None:
            return (("Warning", warning),)
        return (("Warning", warning), ("Retry-After", str(self.retry_after)))
