"""Media files over HTTP: `GET|PUT /media/{key}` for media nodes (S004-76…78)."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from controlplane.api.envelope import answer, done
from controlplane.api.gate import Gate
from controlplane.service.media import MediaService

_TYPES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".json": "application/json"}


class MediaRoutes:
    def __init__(self, media: MediaService) -> None:
        self._media = media

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [
            Route("/media/{key:path}", gate.wrap(self.get)),
            Route("/media/{key:path}", gate.wrap(self.put), methods=["PUT"]),
        ]

    async def get(self, request: Request) -> Response:
        """The file with its ETag, whole or in part (RFC 9110 §14).

        A WAV is also there as MP3: by the key with `.mp3` in place of `.wav`, or by `Accept: audio/mpeg`.
        """
        path, stat = done(await self._media.find_as(request.path_params["key"], _wants_mp3(request)))
        tag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
        headers["Vary"] = "Accept"
        known = request.headers.get("if-none-match", "")
        if known and ("*" in known or tag in [one.strip().removeprefix("W/") for one in known.split(",")]):
            return Response(status_code=304, headers=headers)
        kind = _TYPES.get(path.suffix.lower(), "application/octet-stream")
        return FileResponse(path, headers=headers, media_type=kind, stat_result=stat)

    async def put(self, request: Request) -> Response:
        """201 for a new key, 200 for one that is replaced."""
        key = request.path_params["key"]
        new = done(await self._media.put(key, request.stream()))
        return answer({"key": key, "url": f"/media/{key}"}, 201 if new else 200)


def _wants_mp3(request: Request) -> bool:
    """Whether MP3 is asked for, and WAV is not."""
    accepted = request.headers.get("accept", "")
    return "audio/mpeg" in accepted and "audio/wav" not in accepted
