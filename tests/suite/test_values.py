"""What suites put into a call: a group that is only a part of the world."""

import pytest

from grader.errors import CourseError
from grader.suite import TORCH_GROUP, TorchGroup


def test_the_whole_world():
    """Rank and size are those of the run, and nothing else is said."""
    assert TORCH_GROUP.params(1, 2) == {"rank": 1, "world_size": 2}


def test_a_part_of_a_world():
    """The service is told which ranks of how many."""
    params = TorchGroup((1, 3), world=4).params(0, 2)
    assert params == {"rank": 0, "world_size": 2, "members": (1, 3), "world": 4}


@pytest.mark.parametrize(
    ("members", "world"), [((0,), 3), ((0, 1, 2), 3), ((2, 0), 3), ((1, 1), 3), ((0, 3), 3)]
)
def test_members_that_are_no_part_of_the_world(members, world):
    """Too few, too many, in another order, one twice, one from outside: the author's mistake."""
    with pytest.raises(CourseError, match="ascending order"):
        TorchGroup(members, world).params(0, 2)
