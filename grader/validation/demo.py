"""A class to try the grader on: good, wrong, crashing, hanging and hostile members."""

from grader.course import Course, Lab
from grader.submissions import Submission, read_submissions
from grader.validation.overlay import answers

_GOOD, _WRONG = 6, 12  # how many of the course's own right and wrong answers are in it


def demo_class(course: Course) -> tuple[Lab, list[Submission]]:
    """The lab that the class works on, and what its members hand in."""
    (folder,) = (course.root / "tests" / "demo").iterdir()  # named like its lab
    lab = course.lab(folder.name)
    solutions = course.solutions(lab)
    good = list(answers(lab, solutions, "variant"))[:_GOOD]
    wrong = list(answers(lab, solutions, "mutant"))[:_WRONG]
    return lab, [*good, *wrong, *read_submissions(lab, [folder])]
