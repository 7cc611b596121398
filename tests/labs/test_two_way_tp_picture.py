"""The picture of lab two-way-tp: what each rank holds, as bars in text and as an SVG."""

import importlib.util
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from grader.course import load_course
from grader.judge.judge import PUBLIC_SEED, Judge
from grader.submissions import read_submission

COURSE = load_course(Path(__file__).parents[2])


@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is absent (extra: shardlab[torch])"
)
def test_the_solution_draws_what_each_rank_holds(level):
    """Three bars, the bytes of each, and what is cut: once in lines, once as a drawing."""
    lab = COURSE.lab("two-way-tp")
    code = {"shards", "replicated", "own-bytes", "weight-bytes", "rank-bytes", "logits"}
    submission = read_submission(lab, COURSE.solutions(lab) / lab.assignment.file, "ann")
    with Judge(lab, level) as judge, judge.open(submission) as processes:
        suite = judge.suite(lab.public_suite)
        run = suite.run(processes, PUBLIC_SEED, only=code | {"all-reduces"})
    assert {case.verdict for case in run.results} == {"passed"}
    assert run.picture[0] == "what each rank holds"
    assert [line[:11] for line in run.picture[1:4]] == ["TP 1 rank 0", "TP 2 rank 0", "TP 2 rank 1"]
    assert max(map(len, run.picture)) <= 74
    (drawing,) = run.drawings
    words = " ".join(ET.fromstring(drawing.svg()).itertext())
    for fact in ("TP 1 rank 0", "TP 2 rank 1", "attention and MLP, cut", "whole"):
        assert fact in words
