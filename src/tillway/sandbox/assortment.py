"""What the sample retailer sells: a table of product families, made up, the same in every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SIZES: Final = "Size:S M L XL"
THREE_SIZES: Final = "Size:S M L"
SHOE_SIZES: Final = "Shoe size:40 41 42 43 44"
SHADES: Final = "Colour:Navy Sand"
TONES: Final = "Colour:White Slate"
PACKS: Final = "Pack:250g 1kg"

SURCHARGES: Final[dict[tuple[str, str], str]] = {
    ("Size", "XL"): "2.00",
    ("Shoe size", "44"): "5.00",
    ("Colour", "Sand"): "1.50",
    ("Pack", "1kg"): "14.40",
}
"""What an attribute value adds to the list price of every family that has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One product template: its variants are all combinations of `attributes`."""

    category: str
    code: str
    name: str
    price: str
    attributes: tuple[str, ...] = ()


def _families(category: str, attributes: tuple[str, ...], *rows: str) -> tuple[Family, ...]:
    """Rows of `CODE|Name|price`."""
    made = []
    for row in rows:
        code, name, price = row.split("|")
        made.append(Family(category=category, code=code, name=name, price=price, attributes=attributes))
    return tuple(made)


FAMILIES: Final[tuple[Family, ...]] = (
    *_families(
        "Clothing / Shirts",
        (SIZES,),
        "TEE-CREW|Crew neck T-shirt|19.95",
        "TEE-VEE|V-neck T-shirt|21.95",
        "TEE-LONG|Long sleeve T-shirt|24.95",
        "POLO-PIQ|Piqué polo shirt|34.95",
        "SHIRT-OXF|Oxford shirt|49.90",
        "SHIRT-LIN|Linen shirt|59.90",
        "SHIRT-FLA|Flannel shirt|54.90",
        "BLOUSE-SILK|Silk blouse|89.00",
        "TOP-TANK|Ribbed tank top|14.95",
        "HENLEY|Henley shirt|29.95",
    ),
    *_families(
        "Clothing / Knitwear",
        (THREE_SIZES, SHADES),
        "KNIT-CREW|Merino crew jumper|79.00",
        "KNIT-ROLL|Merino roll neck|84.00",
        "KNIT-CARD|Lambswool cardigan|95.00",
        "KNIT-VEST|Knitted vest|59.00",
        "HOOD-ZIP|Zipped hoodie|64.90",
    ),
    *_families(
        "Clothing / Trousers",
        (THREE_SIZES, SHADES),
        "CHINO-SLIM|Slim chinos|69.90",
        "CHINO-STR|Straight chinos|69.90",
        "JOGGER|Cotton joggers|44.90",
        "SHORT-CARGO|Cargo shorts|39.90",
    ),
    *_families("Clothing / Outerwear", (THREE_SIZES, SHADES), "COAT-RAIN|Rain coat|129.00"),
    *_families(
        "Shoes",
        (SHOE_SIZES,),
        "SHOE-RUN|Running shoe|99.90",
        "SHOE-CANV|Canvas sneaker|49.90",
        "SHOE-LEA|Leather sneaker|119.00",
        "SHOE-BOOT|Chelsea boot|149.00",
        "SHOE-SAND|Trekking sandal|74.90",
        "SHOE-SLIP|Felt slipper|34.90",
    ),
    *_families(
        "Home / Textiles",
        (TONES,),
        "TOWEL-BATH|Bath towel|24.90",
        "TOWEL-HAND|Hand towel|12.90",
        "SHEET-FIT|Fitted sheet|29.90",
        "DUVET-LIN|Linen duvet cover|119.00",
        "CUSHION|Cushion cover|16.90",
        "THROW-WOOL|Wool throw|69.00",
        "APRON|Kitchen apron|22.50",
        "RUNNER|Table runner|18.50",
    ),
    *_families(
        "Home / Kitchen",
        (),
        "MUG-STON|Stoneware mug|9.90",
        "BOWL-STON|Stoneware bowl|12.90",
        "PLATE-STON|Stoneware plate|14.90",
        "JUG-GLASS|Glass jug|19.90",
        "TUMBLER4|Tumblers, set of 4|16.00",
        "KNIFE-CHEF|Chef's knife|64.00",
        "KNIFE-BREAD|Bread knife|39.00",
        "BOARD-OAK|Oak chopping board|34.50",
        "PAN-IRON|Cast iron pan|79.00",
        "POT-ENAM|Enamel pot|54.00",
        "KETTLE|Stovetop kettle|48.00",
        "PRESS-FR|French press|32.00",
        "GRINDER|Hand coffee grinder|58.00",
        "SCALE-KIT|Kitchen scale|29.00",
        "TIMER-KIT|Kitchen timer|11.50",
        "WHISK|Balloon whisk|8.95",
    ),
    *_families(
        "Home / Lighting",
        (),
        "LAMP-DESK|Desk lamp|59.00",
        "LAMP-FLOOR|Floor lamp|129.00",
        "LAMP-TABLE|Table lamp|45.00",
        "BULB-E27|LED bulb E27|6.95",
        "BULB-E14|LED bulb E14|5.95",
        "CANDLE-BEES|Beeswax candle|7.50",
        "CANDLE-SCENT|Scented candle|18.00",
        "LANTERN|Storm lantern|27.50",
    ),
    *_families(
        "Food / Coffee",
        (PACKS,),
        "COF-ESPR|Espresso beans|7.20",
        "COF-FILT|Filter coffee beans|7.90",
        "COF-DECAF|Decaffeinated beans|8.40",
        "COF-SINGLE|Single origin beans|9.80",
    ),
    *_families(
        "Food / Chocolate",
        (),
        "CHOC-70|Dark chocolate 70%|3.49",
        "CHOC-85|Dark chocolate 85%|3.79",
        "CHOC-MILK|Milk chocolate|2.99",
        "CHOC-NUT|Hazelnut chocolate|3.99",
        "CHOC-SALT|Sea salt chocolate|3.69",
        "CHOC-BOX|Box of pralines|14.99",
    ),
    *_families(
        "Food / Preserves",
        (),
        "JAM-STRAW|Strawberry jam|4.25",
        "JAM-APRI|Apricot jam|4.25",
        "HONEY-ACA|Acacia honey|6.90",
        "HONEY-WILD|Wildflower honey|6.50",
        "MUSTARD|Coarse mustard|3.25",
        "CHUTNEY|Mango chutney|4.75",
        "PESTO|Basil pesto|4.95",
        "OIL-OLIVE|Olive oil 500 ml|11.90",
        "VINEGAR|Cider vinegar|5.40",
        "TEA-BLACK|Black tea, 20 bags|4.10",
    ),
    *_families(
        "Stationery",
        (),
        "NOTE-A5|Notebook A5|8.50",
        "NOTE-A6|Notebook A6|5.50",
        "PEN-ROLL|Rollerball pen|3.95",
        "PENCIL12|Pencils, box of 12|7.20",
        "CARD-SET|Greeting cards, set of 5|9.90",
        "CALENDAR|Wall calendar|14.50",
    ),
)

FOOD: Final = "Food"
"""The category whose prices contain their tax."""


def attribute_of(text: str) -> tuple[str, tuple[str, ...]]:
    """Name and values of an attribute written `Name:value value`."""
    name, _, values = text.partition(":")
    return name, tuple(values.split())
