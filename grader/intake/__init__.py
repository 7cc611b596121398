"""How work gets from a student to the gradebook: bundles, inboxes, receipts, downloads.

Theory of operation. A **bundle** is one zip whose members are stored, not compressed, and
whose bytes follow from its manifest and files alone. So it is checked the strongest way there
is: whoever reads one writes it again from what was understood, and refuses it unless every byte
is the same. What no reader sees alike (a second member of a name, bytes before, between or after
members, two directories that differ) has no place to be. Nothing is ever extracted.

An **inbox** is a folder, `<lab>/<student>/<bundle>`. A client writes under a name that nobody
reads, makes it durable, and gives it its name with a link, which happens whole or not at all and
never replaces anything. The name follows from the content, so sending twice is one file.

A **receipt** is signed by the course (ed25519) when its bundle is taken in, and lies beside it.
Students have the public half of the key in what was released, and verify without a network.

**Taking in** has one entry, `taking.take_in`, which `collect` and `grade` call. It looks through
inboxes, single bundles, folders of files, and what Canvas and Moodle give (`finding`). Everything
there becomes an attempt or is refused with the reason in words: nothing is dropped. A bundle that
was taken in before is known by its file's facts, and is not read again (`unchanged`).

Nobody's word is taken for who they are: the folder of an inbox, which its owner alone can write,
and the learning-management system say whose a bundle is. A bundle that says otherwise is refused.
"""
