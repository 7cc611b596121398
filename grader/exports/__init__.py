"""Results in the formats of other systems: one module per format.

To add one, write a module with a `FORMAT` (see `formats`, and `csv` for the shortest): a function
from an `Order` (labs, rows, what the user gave) to an `Export` (text, remarks). Name it in
`formats.OWN`; or in a package of your own, as an entry point of the group `shardlab.exports`.
A format shows what a student was told through `Item.message`, and no score that is not there.
"""
