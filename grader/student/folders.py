"""What a folder is: a started lab's, a hand-out, or one that lost its hidden part."""

import shlex
from pathlib import Path

OWN = ".shardlab"  # the hidden part of a started lab's folder


def has_lab(folder: Path) -> bool:
    """Whether a lab lies in the folder's hidden part."""
    return (folder / OWN / "lab").is_dir()


def is_hand_out(folder: Path) -> bool:
    """Whether the folder is a lab's as its course has it, and no student's."""
    return (folder / "assignment.toml").exists()


def not_found(here: Path, named: Path, slug: str | None) -> str:
    """That there is no such workspace here, and what may have been meant."""
    if is_hand_out(here):
        return (
            f"{here} is the hand-out itself, which stays as it is. A folder to work in:\n"
            f"  cd {shlex.quote(str(here.parents[1]))} && shardlab start {here.name}"
        )
    there = [path.name for path in sorted(here.iterdir()) if has_lab(path)]
    started = f"started here: {', '.join(there)}; " if there else ""
    lost = lost_in(named if named.is_dir() else named.parent) or lost_in(here)
    return (
        f"no folder of {slug or 'a lab'} here; {started}go to the folder that 'shardlab start' "
        f"made, or make one: shardlab start {slug or '<lab>'}{lost}"
    )


def lost_in(folder: Path) -> str:
    """What to do about a folder that looks like one that lost its hidden part; else nothing."""
    handed_out = (folder / "test_public.py").is_file() or (folder / OWN).is_dir()
    if not handed_out or has_lab(folder) or is_hand_out(folder):
        return ""
    return f"\n{folder} has lost its hidden folder {OWN}. {mend_of(folder)}"


def mend_of(folder: Path) -> str:
    return (
        "To mend it, and keep your file:\n"
        f"  cd {shlex.quote(str(folder))} && shardlab start {folder.name} --here"
    )
