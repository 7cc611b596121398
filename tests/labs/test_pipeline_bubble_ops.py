"""How a message may name an op in `pipeline-bubble`, in the public suite and in the hidden one."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATTERNS = {
    "assignments/pipeline-bubble/test_public.py": "op_in_words",
    "tests/hidden/pipeline-bubble/test_illegal_orders.py": "_named",
}
NAMES_F3 = (
    "('F', 3)",
    "['F', 3] stands twice",
    "stage 0: (0, 'F', 3)",
    "('F', np.int64(3))",
    "F3",
    "f3",
    "F 3",
    "F_3",
    "F[3]",
    "F(3) is missing",
    "op F3@0",
    "S0F3",
    "stage0:F3",
    "stage 1 runs ('F', 3) 2 times",
    "forward 3",
    "forward\n3",
    "fwd 3",
    "forward of microbatch 3",
    "Forward pass for micro-batch #3.",
    "F on stage 0 of microbatch 3",
    "F on stage 3, microbatch 3",
    "F, stage=12, i=3",
    "duplicate F at stage 1: microbatch 3",
    "Op(kind='F', microbatch=3)",
    "Op(stage=0, kind='F', mb=3)",
    "<Kind.F: 'F'> 3",
    "deadlock: stage 0 waits at ('B', 0), stage 1 waits at ('F', 3)",
    "B0 waits for F3",
)
NAMES_ANOTHER = (
    "deadlock",
    "microbatch 3",
    "stage 3",
    "stage 3 waits at F",
    "F on stage 3",
    "F on stage 13",
    "F on stage 3 of microbatch 0",
    "('F', 13)",
    "F13",
    "F30",
    "('B', 3)",
    "F0 B3",
    "B waits for F, B3",
    "forward B3",
    "forward of microbatch 2",
    "F np.int32(0)",
    "off3",
)


@pytest.fixture(scope="module", params=PATTERNS)
def named(request):
    """What makes the pattern of an op, of either suite."""
    path = ROOT / request.param
    spec = importlib.util.spec_from_file_location(f"{path.stem}_of_pipeline_bubble", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    request.config.addinivalue_line("markers", "rubric(item): as the grader's own sessions have it")
    spec.loader.exec_module(module)
    return getattr(module, PATTERNS[request.param])


@pytest.mark.parametrize("message", NAMES_F3)
def test_a_message_names_an_op_by_kind_and_number(named, message):
    """In any words, with its stage or without."""
    assert named("F", 3).search(message)


@pytest.mark.parametrize("message", NAMES_ANOTHER)
def test_a_message_about_something_else_names_no_such_op(named, message):
    """Another kind or number, a stage alone, or digits that are part of a longer number."""
    assert not named("F", 3).search(message)
