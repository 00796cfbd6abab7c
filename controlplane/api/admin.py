"""What only the admin token opens: `POST /admin/tts/generate` (S004-79, S004-80)."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from controlplane.api.envelope import answer, done
from controlplane.api.gate import Gate
from controlplane.api.query import flag
from controlplane.service.prompt_catalogue import PromptCatalogue


class AdminRoutes:
    def __init__(self, catalogue: PromptCatalogue) -> None:
        self._catalogue = catalogue

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [
            Route("/admin/tts/generate", gate.wrap_token(self.generate), methods=["POST"]),
            Route("/admin/tts/generate", gate.wrap_token(self.progress)),
        ]

    async def generate(self, request: Request) -> Response:
        """`?lang=&gender=&force=1` → how many were generated, skipped and failed, when all is done."""
        query = request.query_params
        force = flag(request, "force")
        lang, gender = query.get("lang", ""), query.get("gender", "")
        return answer(done(await self._catalogue.generate(lang, gender, force=force)))

    async def progress(self, request: Request) -> Response:
        """How far the catalogue is that is being spoken, or was last."""
        return answer(self._catalogue.progress)
