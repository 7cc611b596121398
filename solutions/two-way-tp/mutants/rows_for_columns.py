"""q, k, v and up cut by rows, o and down by columns. (rewritten)"""  # loses: shards

_CUT_AXIS = {
    "norm1": None,
    "attn.q": 0,
    "attn.k": 0,
    "attn.v": 0,
    "attn.o": 1,
    "norm2": None,
    "mlp.up": 0,
    "mlp.down": 1,
}
