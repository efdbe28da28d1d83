"""Charts as SVG text that takes its colours from the page: light, dark and on paper.

Every number is formatted here and every name is escaped, so that the text is safe as markup.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from html import escape

Point = tuple[float, float]

WIDTH = 460
COLOURS = 5  # of curves


def nice_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers from ``low`` to ``high``, about ``count`` of them.

    >>> nice_ticks(0, 3.2)
    [0.0, 1.0, 2.0, 3.0]
    """
    span = max(high - low, 1e-9)
    raw = span / count
    power = 10.0
    while power > raw:
        power /= 10
    while power * 10 <= raw:
        power *= 10
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    first = int(low / step)
    ticks = [round((first + index) * step, 10) for index in range(int(span / step) + 3)]
    return [tick for tick in ticks if low - 1e-9 <= tick <= high + 1e-9]


def lines(curves: Sequence[tuple[str, Sequence[Point]]], across: str, up: str) -> str:
    """Curves over a common axis; the ordinate starts at zero.

    Args:
        curves: name and points of each; drawn in the page's classes ``c0``, ``c1`` ...
        across, up: the axes' labels.
    """
    points = [point for _, curve in curves for point in curve]
    if not points:
        return ""
    right = max(x for x, _ in points) or 1.0
    top = max(y for _, y in points) or 1.0
    left, bottom, width, height = 40.0, 214.0, WIDTH - 52.0, 180.0

    def place(point: Point) -> str:
        return f"{left + width * point[0] / right:.1f},{bottom - height * point[1] / top:.1f}"

    parts = []
    for tick in nice_ticks(0, top):
        y = bottom - height * tick / top
        parts.append(f'<path class="grid" d="M{left} {y:.1f}H{left + width}"/>')
        parts.append(_text(left - 6, y + 4, f"{tick:g}", "end", "tick"))
    for tick in nice_ticks(0, right):
        parts.append(_text(left + width * tick / right, bottom + 18, f"{tick:g}", "middle", "tick"))
    parts.append(_text(left + width / 2, bottom + 38, across, "middle", "axis"))
    parts.append(_text(0, 14, up, "start", "axis"))
    for index, (name, curve) in enumerate(curves):
        path = " ".join(place(point) for point in curve)
        parts.append(f'<polyline class="curve c{index}" points="{path}"/>')
        for point in curve if len(curve) < 20 else []:
            x, y_text = place(point).split(",")
            parts.append(f'<circle class="dot c{index}" cx="{x}" cy="{y_text}" r="3"/>')
        x_name = left + width - 110 * (len(curves) - index) + 20
        parts.append(f'<circle class="dot c{index}" cx="{x_name}" cy="10" r="4"/>')
        parts.append(_text(x_name + 9, 14, name, "start"))
    return _svg(256, f"{up} over {across}", parts)


def learning(
    curves: Sequence[tuple[str, Sequence[tuple[float, float, float, float]]]],
    across_at: Sequence[tuple[str, float, str]],
    across: str,
    up: str,
) -> str:
    """Curves of scores over a logarithmic axis, with intervals, and scores for comparison.

    Args:
        curves: name, and of each point abscissa (1 or more), value, low and high in percent; drawn
            in the page's classes ``c0`` to ``c4``, and from there on with ``dashed``.
        across_at: name, value in percent and class of each line across.
        across, up: the axes' labels.
    """
    places = sorted({point[0] for _, points in curves for point in points})
    if not places:
        return ""
    marks = [(name, f"line {mark}") for name, _, mark in across_at]
    marks += [(name, _colour(index)) for index, (name, _) in enumerate(curves)]
    parts, top = _key(marks)
    left, bottom, width, height = 40.0, top + 210, WIDTH - 60.0, 180.0
    start, span = math.log(places[0]), math.log(places[-1]) - math.log(places[0])
    if not span:  # one place alone stands in the middle
        start, span = start - 0.5, 1.0

    def x_of(place: float, shift: float = 0) -> float:
        return left + 12 + (width - 24) * (math.log(place) - start) / span + shift

    def y_of(percent: float) -> float:
        return bottom - height * percent / 100

    for tick in (0, 25, 50, 75, 100):
        parts.append(f'<path class="grid" d="M{left} {y_of(tick):.1f}H{left + width}"/>')
        parts.append(_text(left - 6, y_of(tick) + 4, str(tick), "end", "tick"))
    for place in _apart(places, x_of):
        parts.append(_text(x_of(place), bottom + 18, f"{place:g}", "middle", "tick"))
    parts.append(_text(left + width / 2, bottom + 38, across, "middle", "axis"))
    parts.append(_text(0, top + 14, up, "start", "axis"))
    for _, value, mark in across_at:
        line = f"M{left} {y_of(value):.1f}H{left + width}"
        parts.append(f'<path class="whisker line {mark}" d="{line}"/>')
    for index, (_, points) in enumerate(curves):
        shift = 3.0 * (index - (len(curves) - 1) / 2)  # so that intervals do not hide each other
        path = " ".join(f"{x_of(x, shift):.1f},{y_of(y):.1f}" for x, y, _, _ in points)
        parts.append(f'<polyline class="curve {_colour(index)}" points="{path}"/>')
        for x, y, low, high in points:
            at = f"{x_of(x, shift):.1f}"
            ends = f"M{at} {y_of(low):.1f}V{y_of(high):.1f}"
            parts.append(f'<path class="whisker {_colour(index)}" d="{ends}"/>')
            dot = f'<circle class="dot {_colour(index)}" cx="{at}" cy="{y_of(y):.1f}" r="3.5"/>'
            parts.append(dot)
    return _svg(bottom + 42, f"{up} over {across}", parts)


def _colour(index: int) -> str:
    """The class of a curve: after the last of the page's colours they come again, dashed."""
    return f"c{index % COLOURS}" + (" dashed" if index >= COLOURS else "")


def _apart(places: Sequence[float], x_of: Callable[[float], float]) -> list[float]:
    """The places whose numbers do not touch each other; the last one is always there."""
    kept = [places[-1]]
    for place in places[-2::-1]:
        if x_of(kept[-1]) - x_of(place) > 28:
            kept.append(place)
    return kept


def _key(named: Sequence[tuple[str, str]]) -> tuple[list[str], float]:
    """What the marks mean, in lines above a chart, and the height of these."""
    parts, x, y = [], 4.0, 14.0
    for name, mark in named:
        wide = 34 + 7.4 * len(name)
        if x + wide > WIDTH and x > 4:
            x, y = 4.0, y + 18
        kind = "whisker" if mark.startswith("line") else "curve"
        parts.append(f'<path class="{kind} {mark}" d="M{x:.1f} {y - 4}h14"/>')
        parts.append(_text(x + 19, y, name, "start"))
        x += wide
    return parts, y + 8


def intervals(
    title: str,
    rows: Sequence[tuple[str, float, float, float, str]],
    across: str = "",
    chance: float | None = None,
) -> str:
    """Values with their intervals, a row each, on an axis from 0 to 100.

    Args:
        rows: name, value, low, high, and the class of the mark.
        across: the axis' label.
        chance: the score of guessing, a dashed line.
    """
    left, width = 156.0, WIDTH - 211.0
    height = 26.0
    top = 22.0 if chance is not None else 6.0
    bottom = top + height * len(rows)

    def place(value: float) -> float:
        return left + width * min(max(value, 0.0), 100.0) / 100

    parts = []
    for tick in (0, 25, 50, 75, 100):
        parts.append(f'<path class="grid" d="M{place(tick):.1f} {top}V{bottom}"/>')
        parts.append(_text(place(tick), bottom + 17, str(tick), "middle", "tick"))
    parts.append(_text(left + width / 2, bottom + 35, across, "middle", "axis"))
    if chance is not None:
        parts.append(f'<path class="chance" d="M{place(chance):.1f} {top - 4}V{bottom}"/>')
        parts.append(_text(place(chance), top - 9, "guessing", "middle", "tick"))
    for index, (name, value, low, high, mark) in enumerate(rows):
        y = top + height * index + height / 2
        shown = name if len(name) < 22 else f"{name[:20]}…"
        parts.append(_text(0, y + 4, shown, "start", mark))
        parts.append(
            f'<path class="whisker {mark}" d="M{place(low):.1f} {y}H{place(high):.1f}"/>'
            f'<circle class="dot {mark}" cx="{place(value):.1f}" cy="{y}" r="4.5"/>'
        )
        parts.append(_text(WIDTH, y + 4, f"{value:.1f}", "end", mark))
    return _svg(bottom + 42, title, parts)


def sizes(
    curves: Sequence[tuple[str, Sequence[float]]], files: Sequence[tuple[str, float]], up: str
) -> str:
    """Scores of files of different sizes: a line a benchmark, named at its right end.

    Args:
        curves: name, and the score of each file in percent; classes ``c0``, ``c1`` ...
        files: name and megabytes of each, smallest first.
        up: the ordinate's label.
    """
    left, bottom, width, height = 34.0, 236.0, WIDTH - 150.0, 190.0
    largest = max((size for _, size in files), default=0.0) or 1.0

    def x_of(size: float) -> float:
        return left + width * size / largest

    def y_of(value: float) -> float:
        return bottom - height * value / 100

    parts = []
    for tick in (0, 25, 50, 75, 100):
        parts.append(f'<path class="grid" d="M{left} {y_of(tick):.1f}H{left + width}"/>')
        parts.append(_text(left - 6, y_of(tick) + 4, str(tick), "end", "tick"))
    for megabytes in nice_ticks(0, largest):
        parts.append(_text(x_of(megabytes), bottom + 17, f"{megabytes:g}", "middle", "tick"))
    parts.append(_text(left + width / 2, bottom + 35, "size of the file, MB", "middle", "axis"))
    parts.append(_text(0, 12, up, "start", "axis"))
    for name, size in files:
        parts.append(f'<path class="chance" d="M{x_of(size):.1f} {bottom}V{bottom - height}"/>')
        parts.append(_text(x_of(size), bottom - height - 6, name, "middle", "tick"))
    heights = _spread([y_of(values[-1]) for _, values in curves], 15.0)
    for index, (name, values) in enumerate(curves):
        places = [(x_of(size), y_of(value)) for (_, size), value in zip(files, values, strict=True)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="curve c{index}" points="{points}"/>')
        parts += [
            f'<circle class="dot c{index}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places
        ]
        parts.append(_text(left + width + 12, heights[index] + 4, name, "start", f"c{index}"))
    return _svg(bottom + 42, f"{up} over the size of the file", parts)


def _spread(heights: Sequence[float], gap: float) -> list[float]:
    """Heights moved down as little as it takes for labels not to cover each other."""
    moved = list(heights)
    order = sorted(range(len(moved)), key=lambda index: moved[index])
    for above, below in itertools.pairwise(order):
        moved[below] = max(moved[below], moved[above] + gap)
    return moved


def _text(x: float, y: float, text: str, anchor: str, mark: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{mark}" {place}>{escape(text)}</text>'


def _svg(height: float, label: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
