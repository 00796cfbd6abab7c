"""`tandem check-config`."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from config.advice import advise
from config.error import ConfigError
from config.load import load
from controlplane.cli import say
from controlplane.doctor.tls import overdue
from controlplane.service.flow import FlowLibrary


def run(path: Path | None, data: Path | None, environ: Mapping[str, str], *, json: bool) -> int:
    """0 when the daemon would start with it."""
    try:
        settings = load(path, data, environ)
        flows = FlowLibrary.load(settings, environ)
    except ConfigError as error:
        if json:
            say.as_json({"good": False, "problems": [asdict(problem) for problem in error.problems]})
        else:
            number = len(error.problems)
            sys.stderr.write(f"{error}\n{number} {'problem' if number == 1 else 'problems'}\n")
        return 1
    certificate = [f"listen.tls: {line}" for line in overdue(settings.listen.tls)]
    noted = [*map(str, flows.warnings), *certificate, *advise(settings)]
    accounts = [
        {
            "id": account.id,
            "domain": account.domain,
            "users": len(account.users),
            "extensions": len(account.extensions),
            "dids": len(account.dids),
            "trunks": len(account.trunks),
            "agents": len(account.agents),
            "flows": len(account.flows),
        }
        for account in settings.accounts
    ]
    if json:
        say.as_json({"good": True, "problems": [], "notices": noted, "accounts": accounts})
        return 0
    for notice in noted:
        print(f"note: {notice}")
    for account in accounts:
        counts = [
            f"{count} {noun.removesuffix('s') if count == 1 else noun}"
            for noun, count in account.items()
            if isinstance(count, int)
        ]
        print(f"{account['id']} ({account['domain']}): {', '.join(counts)}")
    print("good")
    return 0
