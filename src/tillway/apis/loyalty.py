"""Loyalty: `loyalty.v1`. Points, gift cards and coupons over one ledger of movements."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tillway.apis.carded import Carded, shop_of
from tillway.apis.causing import cause
from tillway.errors import Conflict, Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import loyalty, promotions
from tillway.retail import (
    Card,
    CardRequest,
    CodeRequest,
    CouponCheck,
    CouponFault,
    CouponRequest,
    GiftCardRequest,
    Moved,
    MovementKind,
    MoveRequest,
    Offices,
    ReversalRequest,
    in_force,
    parse,
)

# Movements on a page when the request does not say.
PAGE: Final = 50

# What one use of a coupon takes when its promotion is not known yet.
ONE: Final = Decimal(1)


def bind(db: Database, offices: Offices) -> dict[str, Handler]:
    """The handlers of this document."""
    handlers = _Handlers(db, offices)
    return {
        "getBalance": handlers.get_balance,
        "earnPoints": handlers.earn,
        "redeemPoints": handlers.redeem,
        "reverseMovement": handlers.reverse,
        "getMovement": handlers.get_movement,
        "listMovements": handlers.list_movements,
        "getGiftCardBalance": handlers.get_gift_card,
        "redeemGiftCard": handlers.redeem_gift_card,
        "validateCoupon": handlers.validate_coupon,
        "useCoupon": handlers.use_coupon,
    }


class _Handlers:
    def __init__(self, db: Database, offices: Offices) -> None:
        self._db = db
        self._cards = Carded(db, offices)

    async def get_balance(self, ask: Ask) -> Answer:
        found = await self._cards.meant(ask, parse(ask.body, CardRequest))
        if not found:
            raise NotFound("no such card is known")
        return Answer(200, {"cards": [held.card for held in found]})

    async def earn(self, ask: Ask) -> Answer:
        return await self._points(ask, "earn", 1)

    async def redeem(self, ask: Ask) -> Answer:
        return await self._points(ask, "redeem", -1)

    async def reverse(self, ask: Ask) -> Answer:
        request = parse(ask.body, ReversalRequest)
        undone = await loyalty.movement(self._db, ask.path["id"])
        await self._cards.by_id(ask, undone.card)
        if undone.kind not in {"earn", "redeem"} or undone.status == "cancelled":
            remedy = "name a movement that is an earning or a redemption and was not cancelled"
            raise Conflict("only what was earned or spent here, and counts, is taken back", remedy=remedy)
        return await self._move(
            ask,
            _wanted(ask, undone.card, "reverse", -undone.points, reason=request.reason, reverses=undone.id),
        )

    async def get_movement(self, ask: Ask) -> Answer:
        movement = await loyalty.movement(self._db, ask.path["id"])
        await self._cards.by_id(ask, movement.card)
        return Answer(200, movement)

    async def list_movements(self, ask: Ask) -> Answer:
        held = await self._cards.by_id(ask, ask.path["card"])
        page, following = await loyalty.movements(
            self._db, held.card.id, before=_before(ask), limit=ask.query.get("limit", PAGE)
        )
        return Answer(200, {"movements": page, "next": None if following is None else str(following)})

    async def get_gift_card(self, ask: Ask) -> Answer:
        request = parse(ask.body, CodeRequest)
        return Answer(200, (await self._gift_card(ask, request)).card)

    async def redeem_gift_card(self, ask: Ask) -> Answer:
        request = parse(ask.body, GiftCardRequest)
        _positive(request.amount, "/amount")
        held = await self._gift_card(ask, request)
        wanted = _wanted(ask, held.card.id, "redeem", -request.amount, shop=request.shop, reference=request.reference)
        return await self._move(ask, wanted)

    async def validate_coupon(self, ask: Ask) -> Answer:
        return Answer(200, await self._checked(ask, parse(ask.body, CodeRequest)))

    async def use_coupon(self, ask: Ask) -> Answer:
        request = parse(ask.body, CouponRequest)
        check = await self._checked(ask, request)
        if check.card is None or check.points is None:
            raise NotFound("no such coupon is known")
        wanted = _wanted(ask, check.card, "redeem", -check.points, shop=request.shop, reference=request.reference)
        if not check.valid and await loyalty.repeated(self._db, wanted) is None:
            remedy = "use another one, or none"
            raise Conflict(f"this coupon cannot be used: {check.reason}", remedy=remedy)
        return await self._move(ask, wanted)

    async def _points(self, ask: Ask, kind: MovementKind, sign: int) -> Answer:
        request = parse(ask.body, MoveRequest)
        _positive(request.points, "/points")
        held = await self._cards.one(ask, request)
        wanted = _wanted(
            ask,
            held.card.id,
            kind,
            sign * request.points,
            shop=request.shop,
            reference=request.reference,
            reason=request.reason,
        )
        return await self._move(ask, wanted)

    async def _move(self, ask: Ask, wanted: loyalty.Wanted) -> Answer:
        """Take the movement; one whose reference was used for the same before is answered as it was."""
        done = await loyalty.repeated(self._db, wanted)
        if done is None:
            try:
                async with ask.transaction(self._db) as tx:
                    answer = _answer(await loyalty.move(tx, wanted, cause(ask)))
                    ask.settle(tx, answer)
            except Conflict:
                # Of two that came at once with one reference, the other was first.
                done = await loyalty.repeated(self._db, wanted)
                if done is None:
                    raise
            else:
                return answer
        async with ask.transaction(self._db) as tx:
            answer = _answer(done)
            ask.settle(tx, answer)
        return answer

    async def _gift_card(self, ask: Ask, request: CodeRequest) -> loyalty.Held:
        held = await self._cards.by_code(ask, request.code, request.shop)
        if held is None or held.card.kind != "gift-card":
            raise NotFound("no such gift card is known")
        return held

    async def _checked(self, ask: Ask, request: CodeRequest) -> CouponCheck:
        held = await self._cards.by_code(ask, request.code, request.shop)
        if held is None or held.card.kind != "coupon":
            return CouponCheck(valid=False, reason="unknown")
        points, running = await self._price(ask, held.card.programme)
        fault = _fault(held.card, points, _today(ask), running=running)
        card = held.card
        return CouponCheck(valid=fault is None, reason=fault, card=card.id, promotion=card.programme, points=points)

    async def _price(self, ask: Ask, programme: str) -> tuple[Decimal, bool]:
        """How many points one use takes, and whether the promotion's days include today."""
        try:
            promotion, _ = await promotions.get(self._db, programme)
        except NotFound:
            return ONE, True
        points = min((reward.points for reward in promotion.rewards), default=ONE)
        return points, in_force(promotion, ask.now, ask.landscape.organisation.timezone)


def _wanted(
    ask: Ask,
    card: str,
    kind: MovementKind,
    points: Decimal,
    *,
    shop: str | None = None,
    reference: str | None = None,
    reason: str | None = None,
    reverses: str | None = None,
) -> loyalty.Wanted:
    return loyalty.Wanted(
        card=card,
        kind=kind,
        points=points,
        consumer=ask.grant.consumer,
        today=_today(ask),
        at=ask.now,
        shop=shop_of(ask, shop) if shop or ask.grant.shop else None,
        reference=reference,
        reason=reason,
        reverses=reverses,
    )


def _today(ask: Ask) -> date:
    return ask.now.astimezone(ZoneInfo(ask.landscape.organisation.timezone)).date()


def _fault(card: Card, points: Decimal, today: date, *, running: bool) -> CouponFault | None:
    """Why a coupon cannot be used; None when it can. Pure."""
    if not card.active:
        return "archived"
    if card.expires_on is not None and card.expires_on < today:
        return "expired"
    if card.balance < points:
        return "used"
    return None if running else "not-in-force"


def _answer(moved: Moved) -> Answer:
    return Answer(201, moved, (("Location", f"/loyalty/v1/movements/{moved.movement.id}"),))


def _positive(points: Decimal, pointer: str) -> None:
    if points <= 0:
        raise Invalid(violations=(Violation(pointer=pointer, detail="must be more than zero", rule="positive"),))


def _before(ask: Ask) -> int | None:
    given = ask.query.get("after")
    if given is None:
        return None
    if not given.isdecimal() or len(given) > len(str(2**62)):
        detail = "not a cursor that this hub gave out"
        raise Invalid(violations=(Violation(pointer="/query/after", detail=detail, rule="cursor"),))
    return int(given)
