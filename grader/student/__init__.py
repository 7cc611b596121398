"""A student's folder, and the public checks on it: once, and again at every save.

Theory of operation
-------------------
`workspace` is the folder and its state; `checking` runs the public suite on it once. Most of a
check is what comes before any of the student's code: starting a sandbox, and pytest collecting
the public tests. To watch, `WarmCheck` keeps both and opens only fresh processes. It works in a
thread (`Checks`), and so does the watch over the files (`Saves`), so that whoever waits for
`Events` always answers: to a save, a key or a signal.
"""
