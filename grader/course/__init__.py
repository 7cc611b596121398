"""A course on disk: its labs, the files that authors wrote, and its two secrets.

`course.toml` and each lab's `assignment.toml` become structs (`course`, `lab`, `assignment`, over
`tables`), an author's Python is read by `authored`, and `key` keeps the key of hidden inputs and
the key of receipts. What is written wrong raises `CourseError`, which names file, line and mend.
Knows nothing of students, grades or sandboxes.
"""

from grader.course.assignment import POINTS_OF_A_LAB, RubricItem
from grader.course.course import Course, Deadline, find_course, load_course
from grader.course.lab import Lab, load_lab, written_files

__all__ = [
    "POINTS_OF_A_LAB",
    "Course",
    "Deadline",
    "Lab",
    "RubricItem",
    "find_course",
    "load_course",
    "load_lab",
    "written_files",
]
