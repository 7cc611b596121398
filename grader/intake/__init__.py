"""Brings work from students to the gradebook: bundles, inboxes, receipts, downloads.

Theory of operation. A **bundle** is one zip whose members are stored, not compressed, and whose
bytes follow from its manifest and files alone. So the check is the strongest there is: the reader
writes the bundle again from the content, and refuses it unless every byte is the same. This leaves
no room for anything that two readers would see differently: a second member of one name, bytes
before, between or after members, two directories that differ. Nothing is ever extracted.

An **inbox** is a folder, `<lab>/<student>/<bundle>`. A client writes a file under a name that
nobody reads, makes it durable, and links it to its final name. A link is made whole or not at all
and replaces nothing. The name follows from the content, so that sending twice gives one file.

A **receipt** is signed by the course (ed25519) when its bundle is taken in, and lies beside it.
Students have the public half of the key in what was released, and verify without a network.

A **download** of a learning-management system says whose its files are in their names
(`downloads`): Canvas by a number that is a student's in every assignment (`canvas`), Moodle by one
that belongs to one assignment, so that only its worksheet or a full name tells who that is
(`moodle`). What the systems say in files of their own is in `records`; `registry` puts it together
with the roster. A name that may be read in two ways is nobody's unless the roster settles it.

**When** something was handed in is somebody's word, or unknown. A bundle has its student's, which
the inbox bounds. Of all else it is that of Moodle's worksheet, of Canvas's list of submissions or
of staff (`--received`); `LATE` in Canvas's name says that it was late, and not when. The dates in a
zip are those of the download, those of unpacked and plain files of a copy: they are never taken.

**Taking in** has one entry, `taking.take_in`, which `collect` and `grade` call. It looks through
inboxes, single bundles, folders of files, and what Canvas and Moodle give (`finding`). Everything
there becomes an attempt, is kept aside, or is refused with the reason in words: nothing is dropped.
A bundle that was taken in before is known by its file's facts and not read again (`unchanged`).

With a roster, nobody is made in silence (`admission`): what a stranger handed in is left where it
is, since when is remembered, and the next collect takes it once the roster knows its student. A
batch whose files say that they are another lab's is asked about (`wrong_lab`). Where course.toml
says so, one submission is that of a whole group (`teams`). Each collect has a number, and is taken
back as if it had never been (`grader.gradebook.intakes`); collected again, the same files are the
same attempts, with the same receipts.

A bundle cannot decide whose it is. That is said by its folder in the inbox, which only the student
can write to, or by the learning-management system. A bundle that says otherwise is refused.
"""
