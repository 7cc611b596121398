"""Shardlab: autograded labs on distributed LLM inference, and the grader that runs them."""

__version__ = "0.1.0"
