"""The catalogue as people use it, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import SECRET, Visitor

# Pages that anybody may see.
OPEN = (
    "/catalog",
    "/catalog?q=order",
    "/catalog/apis/orders/v1",
    "/catalog/apis/orders/v1/reference",
    "/catalog/apis/operations/v1/reference",
    "/catalog/events/order.accepted/v1",
    "/catalog/domains",
    "/catalog/service-levels",
    "/catalog/changelog",
)
CLOSED = ("/catalog/consumers", "/catalog/owners", "/catalog/map")


def test_search_finds_an_operation_and_leads_to_it(visitor: Visitor):
    page = visitor.look("/catalog")
    page.fill("#big", "place order")
    page.click("form.big button")
    first = page.locator(".found li").first
    expect(first).to_contain_text("placeOrder")
    first.locator("a").click()
    expect(page.locator("#op-placeOrder h2")).to_be_in_viewport()


def test_a_page_of_an_interface_tells_owner_life_and_promises(visitor: Visitor):
    page = visitor.look("/catalog/apis/orders/v1")
    expect(page.locator("h1")).to_contain_text("deprecated")
    expect(page.locator(".notice")).to_contain_text("it may be gone from 2027-06-30 on. Use orders/v2 instead")
    facts = page.locator(".facts")
    expect(facts).to_contain_text("sales-it")
    expect(facts).to_contain_text("integration")
    expect(page.locator(".levels")).to_contain_text("99.9 %")


def test_an_operation_is_tried_with_a_token(visitor: Visitor):
    page = visitor.look("/catalog/apis/prices/v1/reference")
    page.fill("input[name=client]", "integrator")
    page.fill("input[name=secret]", SECRET)
    page.click("text=Get a token")
    expect(page.locator("[data-said]")).to_contain_text("Token of integrator")
    form = page.get_by_role("form", name="Try quotePrices")
    form.get_by_role("button", name="Send").click()
    expect(form.locator("[data-answer] .status")).to_have_text("200")
    expect(form.locator("[data-answer] pre")).to_contain_text("TEE-CREW-S")


def test_a_wrong_secret_gives_no_token_and_says_so(visitor: Visitor):
    page = visitor.look("/catalog/apis/prices/v1/reference")
    page.fill("input[name=client]", "integrator")
    page.fill("input[name=secret]", "guessed")
    page.click("text=Get a token")
    expect(page.locator("[data-said]")).to_contain_text("No token")
    # The browser's own word for the refusal that was meant.
    assert [each for each in visitor.complaints if "401" not in each] == []
    visitor.complaints.clear()


def test_who_calls_is_for_people_of_the_house(visitor: Visitor):
    page = visitor.look("/catalog/apis/orders/v1")
    expect(page.locator("main")).to_contain_text("Shown to people of the house")
    expect(page.get_by_role("link", name="Map")).to_have_count(0)
    page = visitor.sign_in("ralf", "/catalog/map")
    expect(page.get_by_role("heading", name="Dependency map")).to_be_visible()
    expect(page.locator("svg .box", has_text="integrator")).to_be_visible()
    expect(page.locator("tbody tr", has_text="main").first).to_contain_text("declared")
    page.get_by_role("link", name="Owners").click()
    expect(page.get_by_role("heading", name="Sales IT")).to_be_visible()
    expect(page.locator("main")).to_contain_text("sales-it@example.com")
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    expect(page.get_by_role("link", name="Map")).to_have_count(0)


def test_a_reader_tries_an_operation_as_themselves(visitor: Visitor):
    page = visitor.sign_in("ralf", "/catalog/consumers")
    expect(page.locator("#harbour-tills")).to_contain_text("prices:read")
    page = visitor.look("/catalog/apis/operations/v1/reference")
    page.get_by_role("button", name="As Ralf").click()
    expect(page.locator("[data-said]")).to_contain_text("Token of yours")
    form = page.get_by_role("form", name="Try getHealth")
    form.get_by_role("button", name="Send").click()
    expect(form.locator("[data-answer] .status")).to_have_text("200")


def test_the_keyboard_alone_reaches_search_content_and_result(visitor: Visitor):
    page = visitor.look("/catalog")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("To the content")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("order.accepted")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("found for")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.locator(":focus").get_attribute("href") == "/catalog/events/order.accepted/v1":
            break
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("order.accepted")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_light_and_dark(visitor: Visitor, scheme: str):
    """Contrast of each text with what lies behind it: 4.5 to 1, as WCAG 2.2 asks of level AA."""
    visitor.page.emulate_media(color_scheme=scheme)
    for path in OPEN:
        assert visitor.look(path).evaluate(CONTRASTS) == [], path


def test_pages_have_one_heading_a_name_for_each_input_and_no_inline_script(visitor: Visitor):
    for path in OPEN:
        page = visitor.look(path)
        assert page.locator("h1").count() == 1, path
        assert page.evaluate(NAMELESS) == [], path
        assert page.locator("script:not([src]), [style], [onclick]").count() == 0, path


def test_pages_read_without_script(chromium, base: str):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base}/catalog?q=sku")
    expect(page.locator(".found li").first).to_contain_text("sku")
    page.goto(f"{base}/catalog/apis/orders/v1/reference")
    expect(page.locator("#op-placeOrder")).to_contain_text("lines[].quantity")
    expect(page.locator("[data-try]").first).to_be_hidden()
    context.close()


def test_machines_get_the_same_as_json_and_strangers_nothing_closed(visitor: Visitor):
    ask = visitor.context.request
    told = ask.get(f"{visitor.base}/catalog?q=placeOrder", headers={"accept": "application/json"})
    assert told.json()["found"][0]["title"] == "placeOrder"
    index = ask.get(f"{visitor.base}/catalog", headers={"accept": "*/*"}).json()
    assert {each["api"] for each in index["apis"]} >= {"orders", "prices"}
    for path in CLOSED:
        assert ask.get(visitor.base + path, headers={"accept": "application/json"}).status == 401
    assert ask.get(f"{visitor.base}/catalog/asyncapi.json").json()["asyncapi"] == "3.0.0"
    document = ask.get(f"{visitor.base}/catalog/service-levels/orders-answered.yaml").text()
    assert document.startswith("apiVersion: openslo/v1\nkind: SLO\n")
    assert ask.get(f"{visitor.base}/catalog/nothing", headers={"accept": "text/html"}).status == 404
    visitor.look("/catalog")


NAMELESS = """() => [...document.querySelectorAll("input, textarea, button, svg")]
  .filter((each) => !(each.labels?.length || each.textContent.trim() || each.getAttribute("aria-label")
                      || each.getAttribute("aria-labelledby")))
  .map((each) => each.outerHTML.slice(0, 80))"""

CONTRASTS = """() => {
  const parts = (color) => (color.match(/[0-9.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const color = parts(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] > 0.99) return color;
    }
    return [255, 255, 255];
  };
  const bad = new Set();
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest(".unseen, .skip, svg")) continue;
    const [a, b] = [light(parts(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`);
  }
  return [...bad];
}"""
