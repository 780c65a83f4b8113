"""Money: an exact amount in one currency, and how amounts are rounded to what can be paid."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Final

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import CurrencyCode, UnitPrice
from tillway.retail.word import Word

DEFAULT_MINOR_UNITS: Final = 2
"""Decimals of a currency that is not listed: true for all but a few of ISO 4217."""

_EXPONENTS: Final[Mapping[int, str]] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

MINOR_UNITS: Final[Mapping[str, int]] = MappingProxyType(
    {code: exponent for exponent, codes in _EXPONENTS.items() for code in codes.split()}
)
"""Decimals of the currencies that do not have two, from ISO 4217 list one."""

_CODES: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
    LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
    NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VES VND VUV WST XAF
    XCD XCG XOF XPF YER ZAR ZMW ZWG
"""

CURRENCIES: Final = frozenset(_CODES.split())
"""The currencies of ISO 4217 list one that goods are sold in (no metals, funds or test codes)."""


CURRENCIES_KEPT: Final = 512
"""More than ISO 4217 has; a bound, should somebody ask about codes that are none."""


def minor_units(currency: str) -> int:
    """How many decimals a payable amount of this currency has."""
    return MINOR_UNITS.get(currency, DEFAULT_MINOR_UNITS)


@lru_cache(maxsize=CURRENCIES_KEPT)
def minor_unit(currency: str) -> Decimal:
    """The smallest payable amount of this currency: 0.01 of most."""
    return Decimal(1).scaleb(-minor_units(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The nearest payable amount; a half goes away from zero, as Odoo and tills do it."""
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP)


class Money(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount in a currency. Only amounts of one currency add and compare; ValueError otherwise."""

    amount: Annotated[UnitPrice, classed(DataClass.INTERNAL)]
    """How much, exact: not rounded until it is to be paid."""
    currency: Annotated[CurrencyCode, classed(DataClass.PUBLIC)]
    """ISO 4217 code."""

    def __add__(self, other: Money) -> Money:
        return Money(amount=self.amount + self._same(other), currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(amount=self.amount - self._same(other), currency=self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(amount=self.amount * factor, currency=self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(amount=-self.amount, currency=self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def rounded(self) -> Money:
        """The nearest payable amount, half away from zero."""
        return Money(amount=rounded(self.amount, self.currency), currency=self.currency)

    def _same(self, other: Money) -> Decimal:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} can't be put together without a rate")
        return other.amount
