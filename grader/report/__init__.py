"""Pages: one student's feedback, and a class at a glance.

Theory of operation
-------------------
A page is made in two steps. `from_grade` and `classroom` turn rows of the gradebook into a plain
struct, which `--json` writes, too; `text` and `pages` turn that struct into lines for a terminal
and into HTML. So all forms tell the same, and only facts of the struct can be on a page.

A page is one file. It asks nothing of the network, runs no script, and its content security
policy forbids both. All text that a student may have written (names, code, exceptions) goes through
the template's escaping, which also escapes control characters and characters that change the
direction of writing. Only the drawings, which escape by themselves, are put in as they are.

The struct of an anonymous report holds no id, name, file name or link: students are numbers in an
order that follows from the course key, and their own text is left out.
"""
