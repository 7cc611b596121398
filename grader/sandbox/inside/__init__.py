"""What runs beside submitted code: the zygote, the lock-down and the runner of calls.

These files are bound into the sandbox without the rest of Shardlab and are imported there
under the name `_shardlab`. They use the standard library, msgspec and (where they are imported)
numpy and torch, import one another relatively, and never anything from `grader`. Nothing here
holds a secret, and nothing that these files say once submitted code has run is believed.
"""
