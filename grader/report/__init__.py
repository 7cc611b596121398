"""Pages: one student's feedback, and a class at a glance.

Theory of operation
-------------------
A page is made of facts in two steps. `from_grade` and `classroom` turn rows of the gradebook into
a plain struct, which is also what `--json` writes; `text` and `pages` turn that struct into lines
for a terminal and into HTML. So no form knows more than another, and nothing that is not in the
struct can be on a page.

A page is one file. It asks nothing of the network, runs no script, and its content security
policy forbids both. Whatever a student may have written (names, code, exceptions) goes through
the template's escaping, which also writes control characters and marks that turn the direction
of writing as escapes; only the drawings, which escape by themselves, go in as they are.

In an anonymous report no id, name, file name or link is ever part of the struct: students are
numbers in an order that follows from the course key, and what they wrote is left out.
"""
