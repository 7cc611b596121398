"""Results in the formats of other systems: one module per format.

To add one, write a module with a `FORMAT` (see `formats`, and `csv` for the shortest): a function
from an `ExportOrder` (labs, rows, options) to an `Export` (text, its codec, remarks). Name it in
`formats.OWN`, in `tests/cli/test_exports.py` and in the CHANGELOG; or in a package of your own, as
an entry point of the group `shardlab.exports`.
`Item.message` is what the student was told. A format never writes a score that is not there, and
one student, grade or lab that has no place in it is named and keeps no other from it.

`returns` makes the zips in which feedback goes back to the systems that submissions came from.
"""
