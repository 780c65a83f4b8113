"""Reads the whole catalogue of an Odoo-shaped server page by page, one call after the other, and keeps nothing."""

from __future__ import annotations

import time
from typing import Any

import aiohttp

from bench.client import serve
from tillway.connectors.odoo.mapping import products, taxes


async def main(*, url: str, db: str, key: str, company: str, page: int) -> dict[str, Any]:
    """Products a second: those with a code, with their taxes, categories and attributes."""
    headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": db}
    context = {"active_test": False, "allowed_company_ids": [int(company)]}
    async with aiohttp.ClientSession(base_url=url, headers=headers) as session:

        async def rows(model: str, domain: list[Any], fields: list[str], **more: Any) -> list[dict[str, Any]]:
            asked = {"domain": domain, "fields": fields, "context": context, **more}
            async with session.post(f"/json/2/{model}/search_read", json=asked) as reply:
                if reply.status != 200:
                    raise RuntimeError(f"{reply.status}: {await reply.text()}")
                found: list[dict[str, Any]] = await reply.json()
                return found

        began, count, after = time.monotonic(), 0, 0
        while True:
            found = await rows("product.product", [["id", ">", after]], products.FIELDS, order="id", limit=page)
            if not found:
                break
            after, count = found[-1]["id"], count + len(found)
            codes = [row["default_code"] for row in found if row["default_code"]]
            await rows("product.product", [["default_code", "in", codes]], ["default_code", "active"])
            kinds = {row["categ_id"][0] for row in found if row["categ_id"]}
            for model, ids, fields in (
                ("account.tax", {each for row in found for each in row["taxes_id"]}, taxes.FIELDS),
                ("product.category", kinds, products.CATEGORY_FIELDS),
                (
                    "product.template.attribute.value",
                    {each for row in found for each in row["product_template_attribute_value_ids"]},
                    products.ATTRIBUTE_FIELDS,
                ),
            ):
                if ids:
                    await rows(model, [["id", "in", sorted(ids)]], fields)
            if len(found) < page:
                break
    return {"rate": count / (time.monotonic() - began), "products": count}


if __name__ == "__main__":
    serve(main)
