"""What last month's invoices must be, recomputed without any code of the product's add-ons.

Prices are those of the demo zone's board price list of April 2026, typed in again here; energy
comes from the simulated meters' registers at the month's ends (and at every band boundary for
meters that have no band registers).
"""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

INDUSTRY = {
    "t1": "3.41873", "t2": "5.18264", "t3": "2.21418", "distribution": "1.82950",
    "reactive": "3.412660", "levy": "0.01",
}
MEDIUM_VOLTAGE = {
    "t1": "3.32640", "t2": "5.04411", "t3": "2.15436", "distribution": "1.07050",
    "reactive": "3.412660", "levy": "0.01", "capacity": "42.67",
}
SERVICES = {
    "t1": "3.74190", "t2": "5.70380", "t3": "2.41995", "distribution": "2.47936",
    "reactive": "3.412660", "levy": "0.05", "day": "5.60",
}
PRICES = {f"T{number:02d}": INDUSTRY for number in range(1, 13)}
PRICES |= {"T05": MEDIUM_VOLTAGE, "T12": SERVICES}
CONTRACT_KW = {"T05": Decimal(450)}
WITH_BANDS = {f"T{number:02d}" for number in range(1, 7)}
VAT = Decimal("0.20")
BOUNDARIES = ((6, "t1"), (17, "t2"), (22, "t3"))


def money(value):
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def epoch(day, hour=0):
    """Epoch seconds of a local hour (Türkiye, UTC+3 all year)."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp()) - 3 * 3600


def boundaries(first, end):
    """[(epoch, band from there on)] from the first to the last instant of a period."""
    marks = [(epoch(first), "t3")]
    day = first
    while day < end:
        marks += [(epoch(day, hour), band) for hour, band in BOUNDARIES]
        day += timedelta(days=1)
    return [*marks, (epoch(end), None)]


def band_energy(device, indices, marks):
    """{band: kWh} of a device."""
    if device in WITH_BANDS:
        ends = str(marks[0][0]), str(marks[-1][0])
        return {
            f"t{band}": Decimal(indices[f"1.8.{band}"][ends[1]])
            - Decimal(indices[f"1.8.{band}"][ends[0]])
            for band in (1, 2, 3)
        }
    total = {instant: Decimal(value) for instant, value in indices["1.8.0"].items()}
    energy = dict.fromkeys(("t1", "t2", "t3"), Decimal(0))
    for (start, band), (stop, _next) in zip(marks, marks[1:], strict=False):
        energy[band] += total[str(stop)] - total[str(start)]
    return energy


def reactive(device, indices, marks, active, price):
    """Charge for inductive and capacitive energy over 20 % and 15 % of active energy."""
    if device not in WITH_BANDS:
        return Decimal(0)
    charge = Decimal(0)
    for register, limit in (("5.8.0", "0.20"), ("8.8.0", "0.15")):
        first, last = (Decimal(indices[register][str(marks[end][0])]) for end in (0, -1))
        if last - first > active * Decimal(limit):
            charge += money((last - first) * price)
    return charge


def total(device, indices, marks, days):
    """Amount due of one subscriber."""
    price = {key: Decimal(value) for key, value in PRICES[device].items()}
    bands = band_energy(device, indices, marks)
    active = sum(bands.values())
    energy = sum(money(kwh * price[band]) for band, kwh in bands.items())
    base = energy + money(active * price["distribution"])
    base += reactive(device, indices, marks, active, price["reactive"])
    if "capacity" in price:
        base += money(CONTRACT_KW[device] * price["capacity"])
    if "day" in price:
        base += money(days * price["day"])
    base += money(energy * price["levy"])
    return base + money(base * VAT)


def expected_totals(meters, first, end):
    """{device: total} of the whole month; ``meters`` answers registers at instants."""
    marks = boundaries(first, end)
    indices = meters(sorted({instant for instant, _band in marks}))
    days = (end - first).days
    return {device: total(device, indices[device], marks, days) for device in PRICES}
