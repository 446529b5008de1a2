"""Sizes, times and counts in a few readable words of the language of the moment."""

from PySide6.QtCore import QCoreApplication, QLocale

DASH = "—"
MINUTE, HOUR = 60, 3600


def size_text(size: int) -> str:
    """Bytes: "100.6 MB"."""
    return QLocale().formattedDataSize(size, 1, QLocale.DataSizeFormat.DataSizeTraditionalFormat)


def speed_text(speed: float) -> str:
    """Bytes a second: "24.3 MB/s"."""
    return f"{size_text(int(speed))}/s"


def count_text(count: int) -> str:
    """A whole number with the separators of the language."""
    return QLocale().toString(count)


def parameters_text(count: int) -> str:
    """How models are called by their size: "134.5M", "7.24B"."""
    for unit, divisor, places in (("B", 1e9, 2), ("M", 1e6, 1), ("K", 1e3, 0)):
        if count >= divisor:
            number = f"{count / divisor:.{places}f}"
            return (number.rstrip("0").rstrip(".") if places else number) + unit
    return str(count)


def percent_text(fraction: float, places: int = 0, *, signed: bool = False) -> str:
    """0.42 as "42%"."""
    text = QLocale().toString(fraction * 100, "f", places) + QLocale().percent()
    return f"+{text}" if signed and fraction > 0 else text


def number_text(value: float, digits: int = 3) -> str:
    """A measurement with so many significant digits, never in powers of ten."""
    if value == 0:
        return "0"
    size = abs(value)
    whole = len(str(int(size))) if size >= 1 else 0
    if whole:
        places = max(0, digits - whole)
    else:
        places = digits
        while places < 9 and size * 10 ** (places - digits + 1) < 1:
            places += 1
    return QLocale().toString(value, "f", places)


def time_left_text(seconds: float | None) -> str:
    """One phrase for the time left; "" while it is not known."""
    if seconds is None or not seconds < 1000 * HOUR:
        return ""
    if seconds < 10:
        return QCoreApplication.translate("Amounts", "a few seconds left")
    if seconds < MINUTE:
        return QCoreApplication.translate("Amounts", "less than a minute left")
    if seconds < HOUR:
        return QCoreApplication.translate("Amounts", "about {minutes} min left").format(minutes=round(seconds / MINUTE))
    return QCoreApplication.translate("Amounts", "about {hours} h {minutes} min left").format(
        hours=int(seconds // HOUR), minutes=round(seconds % HOUR / MINUTE) % MINUTE
    )


def duration_text(seconds: float) -> str:
    """How long something took."""
    if seconds < MINUTE:
        return QCoreApplication.translate("Amounts", "{seconds} s").format(seconds=max(1, round(seconds)))
    if seconds < HOUR:
        return QCoreApplication.translate("Amounts", "{minutes} min").format(minutes=round(seconds / MINUTE))
    return QCoreApplication.translate("Amounts", "{hours} h {minutes} min").format(
        hours=int(seconds // HOUR), minutes=int(seconds % HOUR // MINUTE)
    )
