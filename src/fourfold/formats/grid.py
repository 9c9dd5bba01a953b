"""British National Grid to latitude and longitude (WGS 84), to about five metres.

Source: Ordnance Survey, A guide to coordinate systems in Great Britain, annexes B and C (docs/sources.md#os-grid):
the inverse transverse Mercator on the Airy 1830 ellipsoid, then the seven-parameter Helmert transformation.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, degrees, pi, radians, sin, sqrt, tan

AIRY_A, AIRY_B = 6377563.396, 6356256.909
WGS_A, WGS_B = 6378137.0, 6356752.314245
SCALE = 0.9996012717
ORIGIN_LATITUDE, ORIGIN_LONGITUDE = radians(49.0), radians(-2.0)
FALSE_EASTING, FALSE_NORTHING = 400000.0, -100000.0
# OSGB36 to WGS 84: metres, parts per million, seconds of arc.
SHIFT = (446.448, -125.157, 542.060)
SCALE_PPM = -20.4894
TURN = (0.1502, 0.2470, 0.8421)
# Outside these, in metres, there is no land of Great Britain.
EASTINGS, NORTHINGS = (0.0, 700000.0), (0.0, 1300000.0)
FOOT_ROUNDS, HEIGHT_ROUNDS = 3, 2


@dataclass(frozen=True)
class Position:
    """A delivered grid reference in metres, and its degrees when it lies on the grid."""

    raw: str
    latitude: float
    longitude: float
    valid: bool


def meridional_arc(latitude: float) -> float:
    """Distance in metres along the central meridian from the true origin."""
    n = (AIRY_A - AIRY_B) / (AIRY_A + AIRY_B)
    less, more = latitude - ORIGIN_LATITUDE, latitude + ORIGIN_LATITUDE
    return (
        AIRY_B
        * SCALE
        * (
            (1 + n + 1.25 * n**2 + 1.25 * n**3) * less
            - (3 * n + 3 * n**2 + 2.625 * n**3) * sin(less) * cos(more)
            + (1.875 * n**2 + 1.875 * n**3) * sin(2 * less) * cos(2 * more)
            - (35 / 24) * n**3 * sin(3 * less) * cos(3 * more)
        )
    )


def _on_airy(easting: float, northing: float) -> tuple[float, float]:
    e2 = 1 - (AIRY_B / AIRY_A) ** 2
    latitude = ORIGIN_LATITUDE + (northing - FALSE_NORTHING) / (AIRY_A * SCALE)
    for _ in range(FOOT_ROUNDS):
        latitude += (northing - FALSE_NORTHING - meridional_arc(latitude)) / (AIRY_A * SCALE)
    s2 = sin(latitude) ** 2
    nu = AIRY_A * SCALE / sqrt(1 - e2 * s2)
    rho = AIRY_A * SCALE * (1 - e2) / (1 - e2 * s2) ** 1.5
    eta2 = nu / rho - 1
    t, sec, d = tan(latitude), 1 / cos(latitude), easting - FALSE_EASTING
    north = (
        latitude
        - t / (2 * rho * nu) * d**2
        + t / (24 * rho * nu**3) * (5 + 3 * t**2 + eta2 - 9 * t**2 * eta2) * d**4
        - t / (720 * rho * nu**5) * (61 + 90 * t**2 + 45 * t**4) * d**6
    )
    east = (
        ORIGIN_LONGITUDE
        + sec / nu * d
        - sec / (6 * nu**3) * (nu / rho + 2 * t**2) * d**3
        + sec / (120 * nu**5) * (5 + 28 * t**2 + 24 * t**4) * d**5
    )
    return north, east


def to_degrees(easting: float, northing: float) -> Position:
    """Latitude and longitude of a grid reference in metres."""
    raw = f"{easting} {northing}"
    if not (EASTINGS[0] <= easting <= EASTINGS[1] and NORTHINGS[0] <= northing <= NORTHINGS[1]):
        return Position(raw, 0.0, 0.0, valid=False)
    north, east = _on_airy(easting, northing)
    e2 = 1 - (AIRY_B / AIRY_A) ** 2
    nu = AIRY_A / sqrt(1 - e2 * sin(north) ** 2)
    x, y, z = nu * cos(north) * cos(east), nu * cos(north) * sin(east), nu * (1 - e2) * sin(north)
    grow = 1 + SCALE_PPM * 1e-6
    rx, ry, rz = (turn / 3600 * pi / 180 for turn in TURN)
    x, y, z = (
        SHIFT[0] + grow * x - rz * y + ry * z,
        SHIFT[1] + rz * x + grow * y - rx * z,
        SHIFT[2] - ry * x + rx * y + grow * z,
    )
    w2 = 1 - (WGS_B / WGS_A) ** 2
    p = sqrt(x * x + y * y)
    latitude = atan2(z, p * (1 - w2))
    for _ in range(HEIGHT_ROUNDS):
        latitude = atan2(z + w2 * WGS_A / sqrt(1 - w2 * sin(latitude) ** 2) * sin(latitude), p)
    return Position(raw, degrees(latitude), degrees(atan2(y, x)), valid=True)
