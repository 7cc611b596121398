"""A student's folder, and the public checks on it: once, and again at every save.

Theory of operation
-------------------
`workspace` is the folder and its state; `checking` runs the public suite on it. To check at every
save, `Checks` keeps a judge warm in a thread, and `Saves` watches the files in another, so that
whoever waits for `Events` always answers: to a save, a key (`Keys`) or a signal. `pytest_plugin`
is for who types `pytest` in such a folder.
"""
