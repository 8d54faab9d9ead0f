"""Ranges by each method, straight from their definitions: reads [{"values", ...}] from stdin, prints what is right.

For entropy and mse every threshold as good as the best (to rounding) is given.
"""

import json
import sys

import numpy as np

BINS, LEVELS = 2048, 128


def float8_values():
    """All magnitudes of E4M3, ascending: index parity is the last bit's."""
    exponent, mantissa = np.divmod(np.arange(127), 8)
    return np.where(exponent == 0, mantissa * 2.0**-9, (8 + mantissa) * 2.0 ** (exponent - 10.0))


E4M3 = float8_values()


def round_float8(x):
    above = np.clip(np.searchsorted(E4M3, x), 1, len(E4M3) - 1)
    low, high = E4M3[above - 1], E4M3[above]
    up = (x - low > high - x) | ((x - low == high - x) & (above % 2 == 0))
    return np.where(up, high, low)


def divergence(counts, bins):
    inside = counts[:bins].astype(float)
    p = inside.copy()
    p[-1] += counts[bins:].sum()
    level = np.arange(bins) * LEVELS // bins
    mass = np.bincount(level, inside, LEVELS)
    filled = np.bincount(level, inside > 0, LEVELS)
    q = np.where(inside > 0, mass[level] / np.maximum(filled[level], 1), 0.0)
    if q.sum() == 0:
        return np.inf
    p, q = p / p.sum(), q / q.sum()
    some = p > 0
    if np.any(q[some] == 0):
        return np.inf
    return float((p[some] * np.log(p[some] / q[some])).sum())


def square_error(counts, width, bins, kind):
    centre = (np.arange(BINS) + 0.5) * width
    if kind == "int8":
        scale = bins * width / 127
        back = np.clip(np.rint(centre / scale), -128, 127) * scale
    else:
        scale = bins * width / 448
        back = round_float8(np.float32(centre / scale).astype(float)) * scale
    return float((counts * (centre - back) ** 2).sum())


def best(errors):
    lowest = min(errors.values())
    return [bins for bins, error in errors.items() if error <= lowest + 1e-9 * abs(lowest) + 1e-12]


def answer(case):
    x = np.abs(np.array(case["values"], np.float32).astype(float))
    amax = x.max()
    counts, _ = np.histogram(x, BINS, (0, amax))
    width = amax / BINS
    candidates = range(LEVELS, BINS + 1)
    kept = counts[: max(1, int(np.ceil(case["cutoff"] * BINS)))]
    share = np.cumsum(kept) >= case["quantile"] * kept.sum()
    return {
        "amax": float(amax),
        "counts": counts.tolist(),
        "entropy": [(b + 0.5) * width for b in best({b: divergence(counts, b) for b in candidates})],
        "percentile": [(int(np.argmax(share)) + 1) * width],
        "min-max": [float(amax)],
        "mse int8": [b * width for b in best({b: square_error(counts, width, b, "int8") for b in candidates})],
        "mse float8": [b * width for b in best({b: square_error(counts, width, b, "float8") for b in candidates})],
    }


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
