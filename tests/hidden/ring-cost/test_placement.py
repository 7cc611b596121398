"""Which tensor-parallel groups lie in one link domain, and what is said of those that don't."""

import pytest

from grader.suite import equal


def _both(domains):
    """The domain of each rank as a list, and as a dict in another order."""
    return domains, dict(reversed(list(enumerate(domains))))


@pytest.mark.rubric("placement")
def test_groups_inside_a_domain(student, rng):
    """Ranks dealt to three domains in no order; groups of any length inside one of them."""
    for domains in (rng.permutation(["a", "b", "c"] * 4).tolist(), ["c", "b", "a", "b"] * 3):
        members = [[r for r in range(12) if domains[r] == name] for name in "abc"]
        groups = [part for each in members for part in (each[:1], each[1:])]
        as_list, as_dict = _both(domains)
        equal(student.check_tp_placement(groups, as_list), None)
        equal(student.check_tp_placement(members, as_dict), None)


@pytest.mark.rubric("placement")
def test_domains_of_any_name(student):
    """Numbers, 0 among them; ranks that don't begin at 0; the whole world in one domain."""
    equal(student.check_tp_placement([[4, 2], [9, 6]], {9: 0, 4: 7, 6: 0, 2: 7}), None)
    equal(student.check_tp_placement([list(range(16))], [0] * 16), None)


@pytest.mark.rubric("placement")
def test_a_stray_rank(student, rng):
    """In a group of four one rank is elsewhere, at every place; the group is any of three."""
    domains = rng.permutation(["east", "west"] * 5).tolist()
    east, west = ([r for r in range(10) if domains[r] == name] for name in ("east", "west"))
    for place in range(4):
        stray = east[:3]
        stray.insert(place, west[0])
        refused = student.raises(ValueError, naming=(*stray, "east", "west"))
        groups = [east[3:], west[1:3]]
        groups.insert(place % 3, stray)
        refused.check_tp_placement(groups, _both(domains)[place % 2])


@pytest.mark.rubric("placement")
@pytest.mark.parametrize(
    ("group", "domains"),
    [
        ([5, 2], {2: 0, 5: 41}),
        ([5, 2], {2: 41, 5: 0}),
        ([6, 3, 8, 7], {3: "north", 6: "south", 7: "south", 8: "north"}),
        ([2, 9, 4, 7], {4: "north", 2: "south", 9: "centre", 7: "north"}),
        ([8, 3, 5], {3: 31, 5: 41, 8: 0}),
    ],
)
def test_all_ranks_and_domains_are_named(student, group, domains):
    """Two, three and more; half of a group; a domain that is 0."""
    refused = student.raises(ValueError, naming=(*group, *dict.fromkeys(domains.values())))
    refused.check_tp_placement([[11, 10], group], {11: 71, 10: 71} | domains)


@pytest.mark.rubric("placement")
@pytest.mark.parametrize("stray", [20, 9])
def test_many_groups_of_many_ranks(student, stray):
    """The twelfth of twelve groups has twelve ranks, and its first or its last is elsewhere."""
    group, others = range(20, 8, -1), range(41, 30, -1)
    domains = dict.fromkeys([*others, *group], 61) | {stray: 51}
    refused = student.raises(ValueError, naming=(20, 14, 9, 51, 61))
    refused.check_tp_placement([*([rank] for rank in others), [*group]], domains)
