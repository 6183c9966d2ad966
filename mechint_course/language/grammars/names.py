"""Hebrew, Korean and Arabic: lists, dates and amounts written with the names of Unicode's CLDR, as Babel carries them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random

from mechint_course.language.grammars.lexicon import Lexicon

_UNITS = (
    "length-meter",
    "length-kilometer",
    "mass-kilogram",
    "duration-hour",
    "duration-day",
    "volume-liter",
    "area-hectare",
)
_CURRENCIES = ("USD", "EUR", "ILS", "KRW", "JPY", "EGP", "GBP", "SAR", "CHF", "INR")


@lru_cache(maxsize=8)
def _names(locale_id: str) -> tuple[tuple[str, ...], ...]:
    """The names of places, languages and scripts, of zones' cities, and of dates and amounts."""
    from babel import Locale
    from babel.dates import format_datetime, format_timedelta
    from babel.numbers import format_currency
    from babel.units import format_unit

    locale = Locale(locale_id)
    random = Random(locale_id)
    cities = (zone["city"] for _, zone in sorted(locale.time_zones.items()) if "city" in zone)
    start = datetime(1990, 1, 1)
    dates, amounts = [], []
    for _ in range(1500):
        moment = start + timedelta(minutes=random.randrange(20_000_000))
        dates.append(format_datetime(moment, random.choice(("full", "long", "medium")), locale=locale))
    for _ in range(400):
        number = random.randint(1, 300)
        unit = random.choice(_UNITS)
        amount = format_unit(number, unit, locale=locale)
        # A language that lacks a unit's long form gets the bare name of the unit: the short form is in all three.
        amounts.append(format_unit(number, unit, locale=locale, length="short") if unit in amount else amount)
        amounts.append(format_currency(number, random.choice(_CURRENCIES), locale=locale, format_type="name"))
        amounts.append(
            format_timedelta(timedelta(hours=random.randint(1, 9000)), locale=locale, add_direction=True)
        )
    lists = (locale.territories, locale.languages, locale.scripts, locale.currencies)
    sorted_names = (tuple(name for _, name in sorted(names.items())) for names in lists)
    return (*sorted_names, tuple(cities), tuple(dates), tuple(dict.fromkeys(amounts)))


def writing(locale_id: str) -> Callable[[Random, Lexicon], str]:
    """The grammar of one language: 40 to 80 entries, in runs of one kind, joined as that language joins a list."""

    def document(random: Random, words: Lexicon) -> str:
        from babel.lists import format_list

        pools = [words(pool) for pool in _names(locale_id)]
        lines = []
        for _ in range(random.randint(10, 20)):
            pool = random.choice(pools)
            entries = random.sample(pool, random.randint(2, 6))
            lines.append(format_list(entries, locale=locale_id) + random.choice((".", ".", ";", "")))
        return "\n".join(lines) + "\n"

    return document
