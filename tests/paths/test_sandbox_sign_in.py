"""People sign in at the demo: real processes, the sandbox's own provider, and what their roles let them do."""

from __future__ import annotations

import httpx
from tests.contract.people import Browser, asked_for, with_parameters
from tests.running_demo import Demo


async def test_people_sign_in_at_the_demo_with_the_roles_they_play(demo: Demo) -> None:
    roles = {}
    for subject in ("ada", "ben", "vera"):
        async with httpx.AsyncClient(timeout=20) as http:
            browser = Browser(demo.base_url, http)
            begun = await browser.begin(max_age="0")
            address = begun.headers["location"]
            assert address.startswith(f"{demo.told['sign_in_url']}/authorize?"), begun.text
            page = await http.get(address)
            assert (page.status_code, "Sandbox sign-in" in page.text, "no passwords" in page.text) == (200, True, True)
            assert f'value="{subject}"' in page.text
            back = await http.get(await browser.agree(address, subject))
            assert back.status_code == 303, back.text
            who = await browser.session()
            assert who["name"] == subject.title()
            roles[subject] = (who["roles"], "operations:write" in who["scopes"])
            assert (await browser.look(await browser.token(), "/operations/v1/changes")).status_code == 200
    assert roles == {
        "ada": (["architect"], True),
        "ben": (["retail-operations"], True),
        "vera": (["auditor"], False),
    }


async def test_the_provider_of_the_demo_answers_nobody_else(demo: Demo) -> None:
    async with httpx.AsyncClient(timeout=20) as http:
        address = (await Browser(demo.base_url, http).begin()).headers["location"]
        elsewhere = await http.post(
            with_parameters(address, redirect_uri="http://example.com:80/console/callback"), data={"sub": "ada"}
        )
        assert (elsewhere.status_code, "location" in elsewhere.headers) == (400, False)
        plain = await http.get(with_parameters(address, code_challenge=None))
        assert asked_for(plain.headers["location"])["error"] == "invalid_request"
        foreign = await http.post(address, data={"sub": "ada"}, headers={"sec-fetch-site": "cross-site"})
        assert foreign.status_code == 400
