"""What judges, by a name of its own: results that another engine gave are not these."""

ENGINE = "0.1.0"
"""The name of what judges. A result belongs to it, as it belongs to suite, seed and submission.

Raise it, to "2" and so on, in the commit that lets the same file, judged by the same suite with the
same seed at the same level, come to another verdict for any item: another rule of comparison,
another order of sums, other inputs from a seed, another limit, another way for a call to end.
Every gradebook then grades everything once more at its next `grade`, and results of the engine
before are known for what they are.

Leave it alone for all else: words of messages, speed, new commands, a release. It began as the
version of the package, under which the first results were recorded, so these still count.

`tests/test_engine.py` holds verdicts that may not change while this does not.
"""
