"""Bad values: which error, and what its message names, in every function that takes the argument.

Each function is called with good arguments but one.
"""

import re

import pytest

from grader.suite import AnyOf

NAN, INFINITE = float("nan"), float("inf")
LINK = {"latency_s": 5e-6, "bandwidth": 100e9}
GOOD = {
    "ring_steps": {"world_size": 4},
    "ring_bytes_per_rank": {"nbytes": 64, "world_size": 4},
    "ring_all_reduce_time": {"nbytes": 64, "world_size": 4, **LINK},
    "bus_bandwidth": {"nbytes": 64, "seconds": 1e-3, "world_size": 4},
    "crossover_bytes": {"world_size": 4, **LINK},
    "regime": {"nbytes": 64, "world_size": 4, **LINK},
    "fit_link": {"world_size": 4, "samples": [(10**6, 1e-3), (2 * 10**6, 2e-3)]},
    "tp_comm_time": {
        "num_layers": 2,
        "hidden_size": 64,
        "dtype_bytes": 2,
        "num_tokens": 3,
        "world_size": 4,
        **LINK,
    },
    "hierarchical_all_reduce_time": {
        "nbytes": 64,
        "gpus_per_node": 4,
        "num_nodes": 2,
        **{f"intra_{name}": value for name, value in LINK.items()},
        **{f"inter_{name}": value for name, value in LINK.items()},
    },
}
COUNTS_FROM_1 = ("world_size", "gpus_per_node", "num_nodes")
COUNTS_FROM_0 = ("num_layers", "hidden_size", "num_tokens")


def _names(what):
    """The three arguments of that kind, and what names each.

    That is its name; or the name without the prefix, as a message of what it is handed on to has.
    """
    spelt = what.replace("_", "[_ -]")
    bare = re.compile(rf"(?<!\w)(?<!intra.)(?<!inter.){spelt}(?!\w)", re.IGNORECASE)
    links = {f"{where}_{what}" for where in ("intra", "inter")}
    return {what: what} | {name: AnyOf(name, name, bare) for name in sorted(links)}


LATENCIES, BANDWIDTHS = _names("latency_s"), _names("bandwidth")


def _places(*names):
    """Each function with each of these arguments that it has."""
    return [(function, name) for function, good in GOOD.items() for name in good if name in names]


def _refuses(student, error, function, name, value, naming):
    """Calls the function with that value for the argument of that name."""
    refused = student.raises(error, naming=naming)
    getattr(refused, function)(*(GOOD[function] | {name: value}).values())


@pytest.mark.rubric("refusals")
@pytest.mark.parametrize("wrong", [2.0, True])
def test_counts_are_integers(student, wrong):
    """No integer: TypeError with the argument's name. Neither 2.0 nor True is one."""
    counts = _places(*COUNTS_FROM_1, *COUNTS_FROM_0)
    for function, name in [("ring_bytes_per_rank", "nbytes"), *counts]:
        _refuses(student, TypeError, function, name, wrong, naming=name)


@pytest.mark.rubric("refusals")
@pytest.mark.parametrize("wrong", [0, -2])
def test_counts_from_1(student, wrong):
    """Ranks, GPUs and nodes below 1: ValueError with name and value."""
    for function, name in _places(*COUNTS_FROM_1):
        _refuses(student, ValueError, function, name, wrong, naming=(name, wrong))


@pytest.mark.rubric("refusals")
def test_counts_from_0(student):
    """Fewer than no layers, values, tokens or bytes: ValueError."""
    for function, name in [("ring_bytes_per_rank", "nbytes"), *_places(*COUNTS_FROM_0)]:
        _refuses(student, ValueError, function, name, -1, naming=(name, -1))
    # whoever prices a message of fewer than 0 bytes names that
    _refuses(student, ValueError, "tp_comm_time", "dtype_bytes", -1, naming=())


@pytest.mark.rubric("refusals")
@pytest.mark.parametrize("wrong", [-0.25, NAN, INFINITE])
def test_sizes(student, wrong):
    """A size that is negative or not finite: ValueError."""
    for function, name in _places("nbytes"):
        if function != "ring_bytes_per_rank":
            _refuses(student, ValueError, function, name, wrong, naming=(name, wrong))


@pytest.mark.rubric("refusals")
@pytest.mark.parametrize("wrong", [-0.25, NAN, INFINITE])
def test_latencies(student, wrong):
    """A latency that is negative or not finite: ValueError."""
    for function, name in _places(*LATENCIES):
        _refuses(student, ValueError, function, name, wrong, naming=(LATENCIES[name], wrong))


@pytest.mark.rubric("refusals")
@pytest.mark.parametrize("wrong", [0, -7, NAN, INFINITE])
def test_bandwidths_and_seconds(student, wrong):
    """A bandwidth or a measured time that is not above 0 or not finite: ValueError."""
    for function, name in _places(*BANDWIDTHS):
        _refuses(student, ValueError, function, name, wrong, naming=(BANDWIDTHS[name], wrong))
    _refuses(student, ValueError, "bus_bandwidth", "seconds", wrong, naming=("seconds", wrong))


@pytest.mark.rubric("refusals")
@pytest.mark.parametrize(
    ("wrong", "place"), [(-0.25, 2), (NAN, 0), (INFINITE, 1), (-0.25, 0), (NAN, 1), (INFINITE, 2)]
)
def test_samples(student, wrong, place):
    """A size or a time in a sample, be it the first or the last: ValueError with the number."""
    good = [(10**6, 2e-3), (10**7, 4e-3), (10**5, 1e-3)]
    for sample in ((wrong, good[place][1]), (good[place][0], wrong)):
        samples = [*good[:place], sample, *good[place + 1 :]]
        _refuses(student, ValueError, "fit_link", "samples", samples, naming=wrong)
