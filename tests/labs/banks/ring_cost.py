"""Answers to ring-cost that its suite's author never saw: written from hand-out and stub alone.

`PLAIN` is right, and so is each of `RIGHT`: a source of its own, or `PLAIN` with some texts replaced.
Each of `WRONG` is `PLAIN` with one mistake, and names the rubric item that it must lose.
"""

PLAIN = """\
import math
from fractions import Fraction
import numpy as np

def whole(name, v, least):
    if isinstance(v, (bool, np.bool_)) or not isinstance(v, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {v!r}")
    if v < least:
        raise ValueError(f"{name} must be at least {least}, got {v}")
    return int(v)

def real(name, v):
    if not math.isfinite(v) or v < 0:
        raise ValueError(f"{name} must be finite and not negative, got {v}")
    return v

def band(name, v):
    if not math.isfinite(v) or v <= 0:
        raise ValueError(f"{name} must be finite and positive, got {v}")
    return v

def ring_steps(world_size):
    return 2 * (whole("world_size", world_size, 1) - 1)

def ring_bytes_per_rank(nbytes, world_size):
    n = whole("world_size", world_size, 1)
    return Fraction(2 * (n - 1) * whole("nbytes", nbytes, 0), n)

def ring_all_reduce(x, group):
    if x.ndim != 1:
        raise ValueError("x must be a vector")
    n, r = group.world_size, group.rank
    chunks = [c.copy() for c in np.array_split(x, n)]
    right, left = (r + 1) % n, (r - 1) % n
    for step in range(n - 1):
        got = group.send_recv(chunks[(r - step) % n], right, left)
        chunks[(r - step - 1) % n] = chunks[(r - step - 1) % n] + got
    for step in range(n - 1):
        chunks[(r - step) % n] = group.send_recv(chunks[(r - step + 1) % n], right, left)
    return np.concatenate(chunks)

def ring_all_reduce_time(nbytes, world_size, latency_s, bandwidth):
    n = whole("world_size", world_size, 1)
    real("nbytes", nbytes); real("latency_s", latency_s); band("bandwidth", bandwidth)
    return 2 * (n - 1) * latency_s + 2 * (n - 1) / n * nbytes / bandwidth

def bus_bandwidth(nbytes, seconds, world_size):
    n = whole("world_size", world_size, 1)
    real("nbytes", nbytes); band("seconds", seconds)
    return nbytes / seconds * 2 * (n - 1) / n

def crossover_bytes(world_size, latency_s, bandwidth):
    n = whole("world_size", world_size, 2)
    return n * real("latency_s", latency_s) * band("bandwidth", bandwidth)

def fit_link(world_size, samples):
    n = whole("world_size", world_size, 2)
    for size, seconds in samples:
        real("nbytes", size); real("seconds", seconds)
    if len({size for size, _ in samples}) < 2:
        raise ValueError("need at least two distinct sizes")
    xs = [Fraction(float(s)) if isinstance(s, float) else Fraction(int(s)) for s, _ in samples]
    ys = [Fraction(float(t)) for _, t in samples]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((a - mx) * (b - my) for a, b in zip(xs, ys)) / sum((a - mx) ** 2 for a in xs)
    icept = my - slope * mx
    return float(icept / (2 * (n - 1))), float(Fraction(2 * (n - 1), n) / slope)

def tp_comm_time(num_layers, hidden_size, dtype_bytes, num_tokens, world_size, latency_s, bandwidth):
    layers = whole("num_layers", num_layers, 0)
    h = whole("hidden_size", hidden_size, 0)
    t = whole("num_tokens", num_tokens, 0)
    if dtype_bytes < 0:
        raise ValueError(f"dtype_bytes must not be negative, got {dtype_bytes}")
    return 2 * layers * ring_all_reduce_time(t * h * dtype_bytes, world_size, latency_s, bandwidth)

def hierarchical_all_reduce_time(nbytes, gpus_per_node, num_nodes, intra_latency_s, intra_bandwidth, inter_latency_s, inter_bandwidth):
    g = whole("gpus_per_node", gpus_per_node, 1)
    k = whole("num_nodes", num_nodes, 1)
    real("nbytes", nbytes)
    real("intra_latency_s", intra_latency_s); band("intra_bandwidth", intra_bandwidth)
    real("inter_latency_s", inter_latency_s); band("inter_bandwidth", inter_bandwidth)
    inside = 2 * ((g - 1) * intra_latency_s + (g - 1) / g * nbytes / intra_bandwidth)
    return inside + ring_all_reduce_time(nbytes / g, k, inter_latency_s, inter_bandwidth)

def check_tp_placement(tp_groups, domain_of_rank):
    for group in tp_groups:
        domains = {domain_of_rank[rank] for rank in group}
        if len(domains) > 1:
            raise ValueError(f"TP group {list(group)} spans domains {sorted(domains, key=str)}")

def regime(nbytes, world_size, latency_s, bandwidth):
    whole("world_size", world_size, 2)
    real("nbytes", nbytes)
    return "latency" if nbytes < crossover_bytes(world_size, latency_s, bandwidth) else "bandwidth"
"""

RIGHT: dict[str, str | list[tuple[str, str]]] = {
    "other_way_padded_send_then_recv": [
        (
            """\
def ring_all_reduce(x, group):
    if x.ndim != 1:
        raise ValueError("x must be a vector")
    n, r = group.world_size, group.rank
    chunks = [c.copy() for c in np.array_split(x, n)]
    right, left = (r + 1) % n, (r - 1) % n
    for step in range(n - 1):
        got = group.send_recv(chunks[(r - step) % n], right, left)
        chunks[(r - step - 1) % n] = chunks[(r - step - 1) % n] + got
    for step in range(n - 1):
        chunks[(r - step) % n] = group.send_recv(chunks[(r - step + 1) % n], right, left)
    return np.concatenate(chunks)

""",
            """\
def ring_all_reduce(x, group):
    if np.ndim(x) != 1:
        raise ValueError(f"x has {np.ndim(x)} dimensions")
    n, me = group.world_size, group.rank
    if n == 1:
        return x.copy()
    size = -(-len(x) // n) if len(x) else 0
    cuts = [len(x) * i // n for i in range(n + 1)]
    buf = np.array(x, copy=True)
    def part(i):
        i %= n
        return slice(cuts[i], cuts[i + 1])
    to, frm = (me - 1) % n, (me + 1) % n
    for s in range(n - 1):
        group.send(buf[part(me + s)], to)
        buf[part(me + s + 1)] += group.recv(frm)
    for s in range(n - 1):
        group.send(buf[part(me + s - 1)], to)
        buf[part(me + s)] = group.recv(frm)
    return buf

""",
        )
    ],
    "fractions_everywhere": [
        (
            "    return 2 * (n - 1) * latency_s + 2 * (n - 1) / n * nbytes / bandwidth",
            "    return 2 * (n - 1) * Fraction(latency_s) + Fraction(2 * (n - 1), n) * Fraction(nbytes) / Fraction(bandwidth)",
        ),
        (
            "    return nbytes / seconds * 2 * (n - 1) / n",
            "    return Fraction(nbytes) / Fraction(seconds) * Fraction(2 * (n - 1), n)",
        ),
        (
            """\
real("nbytes", nbytes)
    real("intra""",
            """\
nbytes = Fraction(real("nbytes", nbytes))
    real("intra""",
        ),
        (
            "(g - 1) * intra_latency_s + (g - 1) / g * nbytes / intra_bandwidth",
            "(g - 1) * Fraction(intra_latency_s) + Fraction(g - 1, g) * nbytes / Fraction(intra_bandwidth)",
        ),
    ],
    "fit_with_numpy": [
        (
            """\
    xs = [Fraction(float(s)) if isinstance(s, float) else Fraction(int(s)) for s, _ in samples]
    ys = [Fraction(float(t)) for _, t in samples]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((a - mx) * (b - my) for a, b in zip(xs, ys)) / sum((a - mx) ** 2 for a in xs)
    icept = my - slope * mx
    return float(icept / (2 * (n - 1))), float(Fraction(2 * (n - 1), n) / slope)

""",
            """\
    sizes = np.array([float(s) for s, _ in samples])
    seconds = np.array([float(t) for _, t in samples])
    slope, icept = np.polyfit(sizes / sizes.max(), seconds, 1)
    slope = slope / sizes.max()
    return icept / (2 * (n - 1)), 2 * (n - 1) / n / slope

""",
        )
    ],
    "fit_with_lstsq": [
        (
            """\
    xs = [Fraction(float(s)) if isinstance(s, float) else Fraction(int(s)) for s, _ in samples]
    ys = [Fraction(float(t)) for _, t in samples]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((a - mx) * (b - my) for a, b in zip(xs, ys)) / sum((a - mx) ** 2 for a in xs)
    icept = my - slope * mx
    return float(icept / (2 * (n - 1))), float(Fraction(2 * (n - 1), n) / slope)

""",
            """\
    m = np.array([[2.0 * (n - 1), 2.0 * (n - 1) / n * float(s)] for s, _ in samples])
    y = np.array([float(t) for _, t in samples])
    scale = m.max(axis=0)
    (a, b), *_ = np.linalg.lstsq(m / scale, y, rcond=None)
    return float(a / scale[0]), float(scale[1] / b)

""",
        )
    ],
    "fit_centred_floats": [
        (
            """\
    xs = [Fraction(float(s)) if isinstance(s, float) else Fraction(int(s)) for s, _ in samples]
    ys = [Fraction(float(t)) for _, t in samples]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((a - mx) * (b - my) for a, b in zip(xs, ys)) / sum((a - mx) ** 2 for a in xs)
    icept = my - slope * mx
    return float(icept / (2 * (n - 1))), float(Fraction(2 * (n - 1), n) / slope)

""",
            """\
    xs = [float(s) for s, _ in samples]
    ys = [float(t) for _, t in samples]
    mx, my = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    sxy = math.fsum((a - mx) * (b - my) for a, b in zip(xs, ys))
    sxx = math.fsum((a - mx) ** 2 for a in xs)
    slope = sxy / sxx
    return (my - slope * mx) / (2 * (n - 1)), 2 * (n - 1) / (n * slope)

""",
        )
    ],
    "step_by_step_times": [
        (
            "    return 2 * (n - 1) * latency_s + 2 * (n - 1) / n * nbytes / bandwidth",
            """\
    total = 0.0
    for _ in range(2 * (n - 1)):
        total += latency_s + nbytes / n / bandwidth
    return total""",
        ),
        (
            "    return 2 * layers * ring_all_reduce_time(t * h * dtype_bytes, world_size, latency_s, bandwidth)",
            """\
    one = ring_all_reduce_time(t * h * int(dtype_bytes), world_size, latency_s, bandwidth)
    total = 0.0
    for _ in range(layers):
        total += one
        total += one
    return total""",
        ),
    ],
    "remainder_last_skips_empty": [
        (
            """\
def ring_all_reduce(x, group):
    if x.ndim != 1:
        raise ValueError("x must be a vector")
    n, r = group.world_size, group.rank
    chunks = [c.copy() for c in np.array_split(x, n)]
    right, left = (r + 1) % n, (r - 1) % n
    for step in range(n - 1):
        got = group.send_recv(chunks[(r - step) % n], right, left)
        chunks[(r - step - 1) % n] = chunks[(r - step - 1) % n] + got
    for step in range(n - 1):
        chunks[(r - step) % n] = group.send_recv(chunks[(r - step + 1) % n], right, left)
    return np.concatenate(chunks)

""",
            """\
def ring_all_reduce(x, group):
    if x.ndim != 1:
        raise ValueError("one dimension, please")
    n, r = group.world_size, group.rank
    q, rest = divmod(x.size, n)
    bounds, at = [], 0
    for i in range(n):
        width = q + (i >= n - rest)
        bounds.append((at, at + width))
        at += width
    out = x.copy()
    nxt, prv = (r + 1) % n, (r + n - 1) % n
    def exchange(give, take):
        (a, b), (c, d) = bounds[give % n], bounds[take % n]
        if b > a:
            group.send(out[a:b], nxt)
        return out[c:d], group.recv(prv) if d > c else out[c:d]
    for k in range(1, n):
        mine, came = exchange(r - k + 1, r - k)
        if mine.size:
            mine += came
    for k in range(1, n):
        mine, came = exchange(r - k + 2, r - k + 1)
        mine[:] = came
    return out

""",
        )
    ],
    "regime_by_terms_subclass_errors": [
        (
            '    return "latency" if nbytes < crossover_bytes(world_size, latency_s, bandwidth) else "bandwidth"',
            """\
    real("latency_s", latency_s); band("bandwidth", bandwidth)
    lat = 2 * (world_size - 1) * latency_s
    bw = 2 * (world_size - 1) * nbytes / world_size / bandwidth
    return "bandwidth" if bw > lat else "latency\"""",
        ),
        ("raise ValueError(", "raise Refused("),
        (
            "def whole(",
            """\
class Refused(ValueError):
    pass

def whole(""",
        ),
    ],
}

WRONG: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "steps_n": (
        "steps",
        [
            (
                'return 2 * (whole("world_size", world_size, 1) - 1)',
                'return 2 * whole("world_size", world_size, 1)',
            )
        ],
    ),
    "steps_one_phase": (
        "steps",
        [
            (
                'return 2 * (whole("world_size", world_size, 1) - 1)',
                'return whole("world_size", world_size, 1) - 1',
            )
        ],
    ),
    "steps_float": (
        "steps",
        [
            (
                'return 2 * (whole("world_size", world_size, 1) - 1)',
                'return 2.0 * (whole("world_size", world_size, 1) - 1)',
            )
        ],
    ),
    "bytes_float": (
        "bytes-per-rank",
        [
            (
                'return Fraction(2 * (n - 1) * whole("nbytes", nbytes, 0), n)',
                'return 2 * (n - 1) * whole("nbytes", nbytes, 0) / n',
            )
        ],
    ),
    "bytes_floor": (
        "bytes-per-rank",
        [
            (
                'return Fraction(2 * (n - 1) * whole("nbytes", nbytes, 0), n)',
                'return 2 * (n - 1) * whole("nbytes", nbytes, 0) // n',
            )
        ],
    ),
    "bytes_float_nbytes_ok": (
        "refusals",
        [('whole("nbytes", nbytes, 0), n)', "Fraction(nbytes), n)")],
    ),
    "bytes_negative_ok": (
        "refusals",
        [('whole("nbytes", nbytes, 0)', 'whole("nbytes", nbytes, -10**30)')],
    ),
    "bool_ok": ("refusals", [("isinstance(v, (bool, np.bool_)) or ", "")]),
    "numpy_refused": ("steps", [("isinstance(v, (int, np.integer))", "isinstance(v, int)")]),
    "world_size_zero": (
        "refusals",
        [('whole("world_size", world_size, 1)', 'whole("world_size", world_size, 0)')],
    ),
    "time_alpha_once": (
        "time",
        [("return 2 * (n - 1) * latency_s +", "return (n > 1) * latency_s +")],
    ),
    "time_whole_vector": (
        "time",
        [
            (
                """\
2 * (n - 1) / n * nbytes / bandwidth

def bus""",
                """\
2 * (n - 1) * nbytes / bandwidth

def bus""",
            )
        ],
    ),
    "time_bits": (
        "time",
        [
            (
                """\
2 * (n - 1) / n * nbytes / bandwidth

def bus""",
                """\
2 * (n - 1) / n * nbytes * 8 / bandwidth

def bus""",
            )
        ],
    ),
    "time_bidirectional": (
        "time",
        [
            (
                """\
2 * (n - 1) / n * nbytes / bandwidth

def bus""",
                """\
(n - 1) / n * nbytes / bandwidth

def bus""",
            )
        ],
    ),
    "time_inf_size": (
        "refusals",
        [("if not math.isfinite(v) or v < 0", "if math.isnan(v) or v < 0")],
    ),
    "time_nan_ok": (
        "refusals",
        [("if not math.isfinite(v) or v < 0", "if v < 0 or v == math.inf")],
    ),
    "bandwidth_zero_error": (
        "refusals",
        [("if not math.isfinite(v) or v <= 0", "if not math.isfinite(v) or v < 0")],
    ),
    "bandwidth_inf": ("refusals", [("if not math.isfinite(v) or v <= 0", "if not v > 0")]),
    "time_latency_unchecked": (
        "refusals",
        [
            (
                'real("nbytes", nbytes); real("latency_s", latency_s); band',
                'real("nbytes", nbytes); band',
            )
        ],
    ),
    "time_int_sizes_only": (
        "time",
        [
            (
                '    real("nbytes", nbytes); real("latency_s"',
                '    whole("nbytes", nbytes, 0); real("latency_s"',
            )
        ],
    ),
    "busbw_alg": (
        "bus-bandwidth",
        [("return nbytes / seconds * 2 * (n - 1) / n", "return nbytes / seconds")],
    ),
    "busbw_inverse": (
        "bus-bandwidth",
        [
            (
                "return nbytes / seconds * 2 * (n - 1) / n",
                "return nbytes / seconds * 2 * n / (n - 1) if n > 1 else 0",
            )
        ],
    ),
    "busbw_rs_factor": (
        "bus-bandwidth",
        [("return nbytes / seconds * 2 * (n - 1) / n", "return nbytes / seconds * (n - 1) / n")],
    ),
    "busbw_seconds_zero": (
        "refusals",
        [
            (
                'real("nbytes", nbytes); band("seconds", seconds)',
                """\
real("nbytes", nbytes); real("seconds", seconds)
    if not seconds: return 0""",
            )
        ],
    ),
    "crossover_no_n": ("crossover", [('return n * real("latency_s"', 'return real("latency_s"')]),
    "crossover_one_rank": (
        "crossover",
        [
            (
                """\
    n = whole("world_size", world_size, 2)
    return n *""",
                """\
    n = whole("world_size", world_size, 1)
    return n *""",
            )
        ],
    ),
    "regime_swapped": ("regime", [('"latency" if nbytes <', '"latency" if nbytes >')]),
    "regime_latency_bandwidth_product": (
        "regime",
        [
            (
                '"latency" if nbytes < crossover_bytes(world_size, latency_s, bandwidth)',
                '"latency" if nbytes < latency_s * bandwidth',
            )
        ],
    ),
    "regime_nan": (
        "refusals",
        [
            (
                """\
    real("nbytes", nbytes)
    return "latency\"""",
                '    return "latency"',
            )
        ],
    ),
    "fit_slope_as_bandwidth": (
        "fit-link",
        [("float(Fraction(2 * (n - 1), n) / slope)", "float(1 / slope)")],
    ),
    "fit_intercept_as_latency": ("fit-link", [("float(icept / (2 * (n - 1)))", "float(icept)")]),
    "fit_through_two_points": (
        "fit-link",
        [
            (
                "    mx, my = sum(xs) / len(xs)",
                """\
    xs, ys = [xs[0], xs[-1]], [ys[0], ys[-1]]
    mx, my = sum(xs) / len(xs)""",
            )
        ],
    ),
    "fit_sorts_samples": (
        "fit-link",
        [
            (
                "    for size, seconds in samples:",
                """\
    samples.sort()
    for size, seconds in samples:""",
            )
        ],
    ),
    "fit_drops_repeats": (
        "fit-link",
        [
            (
                "    xs = [Fraction",
                """\
    samples = list(dict(samples).items())
    xs = [Fraction""",
            )
        ],
    ),
    "fit_int32": (
        "fit-link",
        [
            (
                """\
    xs = [Fraction(float(s)) if isinstance(s, float) else Fraction(int(s)) for s, _ in samples]
    ys = [Fraction(float(t)) for _, t in samples]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((a - mx) * (b - my) for a, b in zip(xs, ys)) / sum((a - mx) ** 2 for a in xs)
    icept = my - slope * mx
    return float(icept / (2 * (n - 1))), float(Fraction(2 * (n - 1), n) / slope)

""",
                """\
    xs = np.array([s for s, _ in samples], np.int64)
    ys = np.array([t for _, t in samples])
    m = len(xs)
    slope = (m * (xs * ys).sum() - xs.sum() * ys.sum()) / (m * (xs * xs).sum() - xs.sum() ** 2)
    icept = (ys.sum() - slope * xs.sum()) / m
    return float(icept / (2 * (n - 1))), float(2 * (n - 1) / n / slope)

""",
            )
        ],
    ),
    "fit_negative_sample_ok": (
        "refusals",
        [('        real("nbytes", size); real("seconds", seconds)', "        pass")],
    ),
    "fit_zero_seconds_refused": (
        "fit-link",
        [
            (
                'real("nbytes", size); real("seconds", seconds)',
                'real("nbytes", size); band("seconds", seconds)',
            )
        ],
    ),
    "fit_one_size": (
        "fit-link",
        [("if len({size for size, _ in samples}) < 2", "if len(samples) < 2")],
    ),
    "fit_relative_weights": (
        "fit-link",
        [
            (
                "    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)",
                """\
    ws = [1 / (1 + a) for a in xs]
    mx, my = sum(w * a for w, a in zip(ws, xs)) / sum(ws), sum(w * b for w, b in zip(ws, ys)) / sum(ws)""",
            )
        ],
    ),
    "tp_one_per_layer": ("tp-comm", [("return 2 * layers *", "return layers *")]),
    "tp_tokens_ignored": (
        "tp-comm",
        [("(t * h * dtype_bytes, world_size", "(h * dtype_bytes, world_size")],
    ),
    "tp_two_bytes": ("tp-comm", [("(t * h * dtype_bytes, world_size", "(t * h * 2, world_size")]),
    "tp_one_big_message": (
        "tp-comm",
        [
            (
                "return 2 * layers * ring_all_reduce_time(t * h * dtype_bytes, world",
                "return ring_all_reduce_time(2 * layers * t * h * dtype_bytes, world",
            )
        ],
    ),
    "tp_layers_negative": (
        "refusals",
        [('whole("num_layers", num_layers, 0)', 'whole("num_layers", num_layers, -99)')],
    ),
    "tp_zero_layers_refused": (
        "tp-comm",
        [('whole("num_layers", num_layers, 0)', 'whole("num_layers", num_layers, 1)')],
    ),
    "tp_hidden_float": (
        "refusals",
        [('h = whole("hidden_size", hidden_size, 0)', "h = hidden_size")],
    ),
    "hier_inter_full": (
        "hierarchical",
        [("ring_all_reduce_time(nbytes / g, k", "ring_all_reduce_time(nbytes, k")],
    ),
    "hier_one_inside_phase": ("hierarchical", [("inside = 2 * (", "inside = 1 * (")]),
    "hier_swapped_links": (
        "hierarchical",
        [
            (
                "ring_all_reduce_time(nbytes / g, k, inter_latency_s, inter_bandwidth)",
                "ring_all_reduce_time(nbytes / g, k, intra_latency_s, intra_bandwidth)",
            )
        ],
    ),
    "hier_gather_full": (
        "hierarchical",
        [("(g - 1) / g * nbytes / intra_bandwidth)", "(g - 1) * nbytes / intra_bandwidth)")],
    ),
    "hier_floor": (
        "hierarchical",
        [("ring_all_reduce_time(nbytes / g, k", "ring_all_reduce_time(nbytes // g, k")],
    ),
    "hier_intra_latency_unchecked": (
        "refusals",
        [('    real("intra_latency_s", intra_latency_s); band', "    band")],
    ),
    "hier_single_node_skips_inside": (
        "hierarchical",
        [
            (
                "    inside = 2",
                """\
    if k == 1:
        return ring_all_reduce_time(nbytes, g, intra_latency_s, inter_bandwidth)
    inside = 2""",
            )
        ],
    ),
    "place_by_length": (
        "placement",
        [("if len(domains) > 1:", "if len(domains) > len(tp_groups):")],
    ),
    "place_first_and_last": (
        "placement",
        [
            (
                "{domain_of_rank[rank] for rank in group}",
                "{domain_of_rank[group[0]], domain_of_rank[group[-1]]}",
            )
        ],
    ),
    "place_falsy": (
        "placement",
        [
            (
                "{domain_of_rank[rank] for rank in group}",
                "{domain_of_rank[rank] for rank in group if domain_of_rank[rank]}",
            )
        ],
    ),
    "place_first_group": (
        "placement",
        [("for group in tp_groups:", "for group in tp_groups[:1]:")],
    ),
    "place_message_lacks_domains": (
        "placement",
        [(" spans domains {sorted(domains, key=str)}", " spans domains")],
    ),
    "place_message_first_rank": ("placement", [("{list(group)}", "{group[0]}")]),
    "place_dict_values": (
        "placement",
        [
            (
                "{domain_of_rank[rank] for rank in group}",
                "{(list(domain_of_rank.values()) if isinstance(domain_of_rank, dict) else domain_of_rank)[rank] for rank in group}",
            )
        ],
    ),
    "ring_mean": (
        "ring-sum",
        [
            (
                "    return np.concatenate(chunks)",
                "    return np.concatenate(chunks) / x.dtype.type(n)",
            )
        ],
    ),
    "ring_gather_all": (
        "ring-traffic",
        [
            (
                """\
def ring_all_reduce(x, group):
    if x.ndim != 1:
        raise ValueError("x must be a vector")
    n, r = group.world_size, group.rank
    chunks = [c.copy() for c in np.array_split(x, n)]
    right, left = (r + 1) % n, (r - 1) % n
    for step in range(n - 1):
        got = group.send_recv(chunks[(r - step) % n], right, left)
        chunks[(r - step - 1) % n] = chunks[(r - step - 1) % n] + got
    for step in range(n - 1):
        chunks[(r - step) % n] = group.send_recv(chunks[(r - step + 1) % n], right, left)
    return np.concatenate(chunks)

""",
                """\
def ring_all_reduce(x, group):
    if x.ndim != 1:
        raise ValueError("x")
    n, r = group.world_size, group.rank
    total, cur = x.copy(), x
    for _ in range(n - 1):
        cur = group.send_recv(cur, (r + 1) % n, (r - 1) % n)
        total = total + cur
    return total

""",
            )
        ],
    ),
    "ring_one_phase": (
        "ring-sum",
        [
            (
                """\
    for step in range(n - 1):
        chunks[(r - step) % n] = group.send_recv(chunks[(r - step + 1) % n], right, left)
""",
                "",
            )
        ],
    ),
    "ring_float64_result": (
        "ring-sum",
        [
            (
                "    return np.concatenate(chunks)",
                "    return np.concatenate(chunks).astype(np.float64)",
            )
        ],
    ),
    "ring_even_only": ("ring-traffic", [("np.array_split(x, n)", "np.split(x, n)")]),
    "ring_tail_on_last": (
        "ring-traffic",
        [("np.array_split(x, n)", "np.split(x, [len(x) // n * i for i in range(1, n)])")],
    ),
    "ring_in_place": (
        "ring-sum",
        [
            ("[c.copy() for c in np.array_split(x, n)]", "list(np.array_split(x, n))"),
            (
                "chunks[(r - step - 1) % n] = chunks[(r - step - 1) % n] + got",
                "chunks[(r - step - 1) % n] += got",
            ),
        ],
    ),
    "ring_matrix_ok": (
        "ring-lengths",
        [
            (
                """\
    if x.ndim != 1:
        raise ValueError("x must be a vector")
""",
                "",
            )
        ],
    ),
    "ring_empty_fails": (
        "ring-lengths",
        [
            (
                """\
    n, r = group.world_size, group.rank
    chunks""",
                """\
    n, r = group.world_size, group.rank
    assert len(x)
    chunks""",
            )
        ],
    ),
    "ring_float32_sum": (
        "ring-sum",
        [
            (
                "[c.copy() for c in np.array_split(x, n)]",
                "[c.astype(np.float32) for c in np.array_split(x, n)]",
            ),
            ("np.concatenate(chunks)", "np.concatenate(chunks).astype(x.dtype)"),
        ],
    ),
    "ring_both_neighbours": (
        "ring-traffic",
        [
            (
                "        chunks[(r - step) % n] = group.send_recv(chunks[(r - step + 1) % n], right, left)",
                "        chunks[(r + step + 2) % n] = group.send_recv(chunks[(r + step + 1) % n], left, right)",
            )
        ],
    ),
    "ring_barrier": (
        "ring-traffic",
        [
            (
                "    return np.concatenate(chunks)",
                """\
    group.barrier()
    return np.concatenate(chunks)""",
            )
        ],
    ),
    "ring_all_reduce_itself": (
        "ring-traffic",
        [
            (
                """\
def ring_all_reduce(x, group):
    if x.ndim != 1:
        raise ValueError("x must be a vector")
    n, r = group.world_size, group.rank
    chunks = [c.copy() for c in np.array_split(x, n)]
    right, left = (r + 1) % n, (r - 1) % n
    for step in range(n - 1):
        got = group.send_recv(chunks[(r - step) % n], right, left)
        chunks[(r - step - 1) % n] = chunks[(r - step - 1) % n] + got
    for step in range(n - 1):
        chunks[(r - step) % n] = group.send_recv(chunks[(r - step + 1) % n], right, left)
    return np.concatenate(chunks)

""",
                """\
def ring_all_reduce(x, group):
    if x.ndim != 1:
        raise ValueError("x")
    return group.all_reduce(x)

""",
            )
        ],
    ),
}
