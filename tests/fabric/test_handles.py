"""What stands for service objects in a suite: each kind registers itself under its name."""

from dataclasses import dataclass

import pytest

from grader.errors import CourseError
from grader.fabric import GROUP, TORCH_GROUP, Fields, Handle, TorchGroup, handles, services_for
from grader.sandbox import Returned, Sandbox, ServiceRef, call, probe
from grader.suite.values import for_rank


def test_each_rank_has_a_group_of_its_own():
    """Of its number, in a world of that size."""
    assert for_rank(GROUP, 1, 3) == ServiceRef("group", {"rank": 1, "world_size": 3})
    assert for_rank(TORCH_GROUP, 0, 2).name == "torch_group"


def test_a_part_of_a_world_is_told_whose():
    """Its members and how many ranks the world has."""
    params = TorchGroup((0, 2), 3).params(1, 2)
    assert params == {"rank": 1, "world_size": 2, "members": (0, 2), "world": 3}


@pytest.mark.parametrize("members", [(0,), (2, 0), (0, 0), (0, 3)])
def test_members_that_are_none_of_that_world_are_an_author_s_mistake(members):
    """Too few, out of order, twice the same, beyond the world."""
    with pytest.raises(CourseError, match="ascending order"):
        TorchGroup(members, 3).params(0, 2)


def test_fields_are_alike_on_every_rank():
    """And are shown with their values."""
    fields = Fields({"heads": 4, "width": 8})
    assert fields.reference(0, 2) == fields.reference(1, 2)
    assert fields.shown() == "heads 4, width 8"


def test_what_needs_a_library_is_there_beside_it_only():
    """A sandbox without torch has no torch group; each module is there."""
    assert "torch_group" not in services_for(("numpy",))
    assert set(services_for(("numpy", "torch"))) == {*services_for(("numpy",)), "torch_group"}
    assert all(path.is_file() for path in services_for(("torch",)).values())


def test_a_new_service_object_is_a_module_and_a_handle(tmp_path, monkeypatch):
    """Nothing else has to know it: each rank is handed one of its own."""
    monkeypatch.setattr(handles, "_HANDLES", dict(handles._HANDLES))
    path = tmp_path / "inside_greeter.py"
    path.write_text(
        "def make(upcall, *, rank, world_size, word):\n"
        "    return lambda: f'{word} from {rank} of {world_size}'\n"
    )

    @dataclass(frozen=True)
    class Greeter(Handle):
        service = "greeter"
        module = str(path)
        word: str = "hello"

        def params(self, rank, world_size):
            return super().params(rank, world_size) | {"word": self.word}

    source = {"work.py": b"def greet(greeter): return greeter()\n"}
    services = services_for(())
    assert services["greeter"] == path
    with Sandbox(probe().level, services=services) as sandbox:
        process = sandbox.open(source, "work")
        told = call(process, "greet", (for_rank(Greeter("hi"), 1, 2),))
    assert told == Returned("hi from 1 of 2")
