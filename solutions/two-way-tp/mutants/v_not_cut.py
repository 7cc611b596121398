"""v is whole on every rank."""  # loses: shards

_CUT_AXIS = {
    "norm1": None,
    "attn.q": 1,
    "attn.k": 1,
    "attn.v": None,
    "attn.o": 0,
    "norm2": None,
    "mlp.up": 1,
    "mlp.down": 0,
}
