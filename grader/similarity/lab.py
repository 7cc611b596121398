"""The submissions of one lab, compared."""

from collections.abc import Sequence

from grader.course import Lab
from grader.similarity.normal import UnreadWork, Work, read_work
from grader.similarity.pairs import Report, compare
from grader.submissions import Submission


def compare_submissions(lab: Lab, submissions: Sequence[Submission], *, top: int = 20) -> Report:
    """The report on a lab's submissions; those that can't be read are in it, with the reason."""
    contract = tuple(lab.functions)
    stub = read_work("stub", lab.stub.read_bytes(), contract)
    found = [
        UnreadWork(each.name, each.problem)
        if each.problem
        else read_work(each.name, each.files[lab.assignment.file], contract)
        for each in submissions
    ]
    return compare(found, stub if isinstance(stub, Work) else None, top=top)
