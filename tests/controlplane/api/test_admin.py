"""`POST /admin/tts/generate` (S004-79, S004-80)."""

from pathlib import Path

from tests.support.control import TOKEN, control

URL = "/admin/tts/generate?lang=en-US&gender=male"


async def test_the_token_and_nothing_else_opens_it(tmp_path: Path) -> None:  # S004-79 S004-80
    async with control(tmp_path) as site:
        assert (await site.public.post(URL)).json()["error"] == "no_token"
        bad = await site.public.post(URL, headers={"X-Admin-Token": "guess"})
        assert bad.status_code == 403 and bad.json()["error"] == "bad_token"
        good = await site.far.post(URL, headers={"X-Admin-Token": TOKEN})
        assert good.json() == {"generated": 10, "skipped": 0, "failed": 0}
        again = await site.far.post(f"{URL}&force=1", headers={"X-Admin-Token": TOKEN})
        assert again.json()["generated"] == 10
        progress = (await site.far.get(URL, headers={"X-Admin-Token": TOKEN})).json()
        assert progress == {"running": False, "total": 10, "generated": 10, "skipped": 0, "failed": 0}


async def test_bad_parameters_are_400(tmp_path: Path) -> None:
    async with control(tmp_path) as site:
        for query in ("lang=xx", "gender=x", "force=perhaps"):
            response = await site.far.post(f"/admin/tts/generate?{query}", headers={"X-Admin-Token": TOKEN})
            assert response.status_code == 400
